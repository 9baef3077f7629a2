# What `cmake --install` puts where. Packages are made of it (installer/debian, installer/rpm), so nothing is
# installed by hand there. All places can be moved by the variables of GNUInstallDirs and by those here.
if(WIN32)
  return() # an MSI there
endif()
include(GNUInstallDirs)
set(X400_CONFIGURATION_DIR ${CMAKE_INSTALL_SYSCONFDIR}/x400mta CACHE STRING "folder of x400mta.conf")
set(X400_UNIT_DIR lib/systemd/system CACHE STRING "folder of the units of systemd")
set(X400_SYSUSERS_DIR lib/sysusers.d CACHE STRING "folder of the users that systemd makes")
set(X400_TMPFILES_DIR lib/tmpfiles.d CACHE STRING "folder of the folders that systemd makes")
set(X400_CATALOG_DIR lib/systemd/catalog CACHE STRING "folder of the message catalogues of the journal")

install(TARGETS x400mta DESTINATION ${CMAKE_INSTALL_SBINDIR})
foreach(program x400ctl mtacheck p1source p1sink)
  if(TARGET ${program})
    install(TARGETS ${program} DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()

install(FILES ${CMAKE_SOURCE_DIR}/installer/x400mta.conf DESTINATION ${X400_CONFIGURATION_DIR})
install(FILES ${CMAKE_SOURCE_DIR}/installer/logrotate DESTINATION ${CMAKE_INSTALL_SYSCONFDIR}/logrotate.d
        RENAME x400mta)

# Manual pages: NAME.SECTION.
file(GLOB pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/man/*.[1-9])
foreach(page ${pages})
  get_filename_component(section ${page} LAST_EXT)
  string(SUBSTRING ${section} 1 1 section)
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

file(GLOB documents CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/*.md)
install(FILES ${CMAKE_SOURCE_DIR}/README.md ${documents} DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${CMAKE_SOURCE_DIR}/installer/x400mta.conf.example DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)

install(FILES ${CMAKE_SOURCE_DIR}/installer/completion/x400ctl
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)

# The resource agent of Pacemaker; OCF has one place for them on all systems.
install(PROGRAMS ${CMAKE_SOURCE_DIR}/installer/pacemaker/x400mta DESTINATION lib/ocf/resource.d/x400mta)
install(FILES ${CMAKE_SOURCE_DIR}/installer/pacemaker/example.crm ${CMAKE_SOURCE_DIR}/installer/pacemaker/example-pcs.sh
        DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)

# systemd. Type=notify-reload is known from its version 253 on; an older one gets what comes nearest.
set(systemd_version ${SYSTEMD_VERSION} CACHE STRING "version of systemd that the units are for")
file(READ ${CMAKE_SOURCE_DIR}/installer/systemd/x400mta.service unit)
if(systemd_version AND systemd_version VERSION_LESS 253)
  string(REPLACE "Type=notify-reload\n" "Type=notify\nExecReload=/bin/sh -c 'kill -HUP $MAINPID'\n" unit "${unit}")
endif()
string(REPLACE "/usr/sbin/x400mta" "${CMAKE_INSTALL_FULL_SBINDIR}/x400mta" unit "${unit}")
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/x400mta.service CONTENT "${unit}" @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/generated/x400mta.service ${CMAKE_SOURCE_DIR}/installer/systemd/x400mta.socket
        DESTINATION ${X400_UNIT_DIR})
install(FILES ${CMAKE_SOURCE_DIR}/installer/systemd/x400mta.sysusers DESTINATION ${X400_SYSUSERS_DIR}
        RENAME x400mta.conf)
install(FILES ${CMAKE_SOURCE_DIR}/installer/systemd/x400mta.tmpfiles DESTINATION ${X400_TMPFILES_DIR}
        RENAME x400mta.conf)
if(TARGET journal_catalogue)
  install(FILES ${CMAKE_BINARY_DIR}/generated/x400mta.catalog DESTINATION ${X400_CATALOG_DIR})
endif()
