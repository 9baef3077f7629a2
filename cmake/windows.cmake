# What only the Windows build has: resources of programs, and the message file of the Event Log.
enable_language(RC)
if(NOT CMAKE_MC_COMPILER)
  find_program(CMAKE_MC_COMPILER NAMES windmc mc REQUIRED)
endif()

# x400_resource(TARGET FILE DESCRIPTION TYPE): version and manifest, TYPE VFT_APP or VFT_DLL.
function(x400_resource target resource_file resource_description resource_type)
  set(resource_name ${target})
  configure_file(${CMAKE_SOURCE_DIR}/platform/win32/program.rc.in ${CMAKE_BINARY_DIR}/generated/${target}.version.rc @ONLY)
  target_sources(${target} PRIVATE ${CMAKE_BINARY_DIR}/generated/${target}.version.rc)
endfunction()

# The message file: eventdoc writes its source; cross-built, an emulator runs eventdoc
# (CMAKE_CROSSCOMPILING_EMULATOR).
function(x400_message_file)
  set(generated ${CMAKE_BINARY_DIR}/generated)
  add_custom_command(OUTPUT ${generated}/x400mta-events.mc ${generated}/x400mta-events.expected
    COMMAND eventdoc messages ${generated}/x400mta-events.mc
    COMMAND eventdoc messages-expected ${generated}/x400mta-events.expected
    DEPENDS eventdoc VERBATIM)
  add_custom_command(OUTPUT ${generated}/x400mta-events.rc ${generated}/x400mta-events.h
    COMMAND ${CMAKE_MC_COMPILER} -h ${generated} -r ${generated} ${generated}/x400mta-events.mc
    DEPENDS ${generated}/x400mta-events.mc WORKING_DIRECTORY ${generated} VERBATIM)
  # Resources only: no code, no entry, nothing that it needs.
  add_library(x400mta-events SHARED ${generated}/x400mta-events.rc)
  set_target_properties(x400mta-events PROPERTIES PREFIX "" LINKER_LANGUAGE C
    LINK_OPTIONS "-nostdlib;-Wl,--entry,0;-Wl,--dynamicbase,--nxcompat"
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/generated)
  x400_resource(x400mta-events x400mta-events.dll "Texts of the events of x400mta" VFT_DLL)
endfunction()

# What the Performance Monitor is told of the counters: the manifest beside the program, its texts within. counterdoc
# writes both.
function(x400_counter_texts target)
  set(generated ${CMAKE_BINARY_DIR}/generated)
  set(manifest ${CMAKE_BINARY_DIR}/bin/x400mta-counters.man)
  add_custom_command(OUTPUT ${manifest} ${generated}/x400mta-counters.rc
    COMMAND counterdoc manifest ${manifest}
    COMMAND counterdoc resource ${generated}/x400mta-counters.rc
    DEPENDS counterdoc VERBATIM)
  target_sources(${target} PRIVATE ${generated}/x400mta-counters.rc)
endfunction()
