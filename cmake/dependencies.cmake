# The libraries that x400mta stands on (docs/architecture.md says what each is for).
find_package(PkgConfig REQUIRED)
if(WIN32)
  add_library(Threads::Threads INTERFACE IMPORTED) # the system's own, through APR
else()
  find_package(Threads REQUIRED)
endif()
pkg_check_modules(APR REQUIRED IMPORTED_TARGET apr-1>=1.6)
pkg_check_modules(APRUTIL REQUIRED IMPORTED_TARGET apr-util-1>=1.6)
pkg_check_modules(CONFUSE REQUIRED IMPORTED_TARGET libconfuse>=3.3)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.12)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8>=10.30)
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd>=0.9.70)
pkg_check_modules(SQLITE IMPORTED_TARGET sqlite3) # large queues are read faster
pkg_check_modules(CUNIT IMPORTED_TARGET cunit)
pkg_check_modules(SYSTEMD IMPORTED_TARGET libsystemd)
