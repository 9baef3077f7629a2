/* Forced in front of every source of APR and APR-util when mingw-w64 builds them: the system headers that
 * their private headers expect to have been read. */
#ifndef APR_MINGW_H
#define APR_MINGW_H

#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0601
#endif
#define WIN32_LEAN_AND_MEAN
/* APR sets it too, but behind winsock2.h: a set of 64 would be written beyond its end. */
#define FD_SETSIZE 1024
/* Else a function is asked for that APR has not on Windows. */
#define HAVE_ATOMIC_BUILTINS 1
#define HAVE_ATOMIC_BUILTINS64 1

#include <winsock2.h>
#include <ws2tcpip.h>

#include <mswsock.h>
#include <windows.h>

#include <accctrl.h>
#include <iphlpapi.h>

#endif
