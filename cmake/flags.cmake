# Compiler and linker flags that every target of the tree shares.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)

add_library(x400_flags INTERFACE)
target_compile_options(x400_flags INTERFACE
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
  -Wwrite-strings -Wvla -Wformat=2 -Wundef -fno-strict-aliasing -fno-common)
if(X400_WERROR)
  target_compile_options(x400_flags INTERFACE -Werror)
endif()

if(X400_SANITIZE)
  target_compile_options(x400_flags INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(x400_flags INTERFACE -fsanitize=address,undefined)
elseif(X400_TSAN)
  target_compile_options(x400_flags INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(x400_flags INTERFACE -fsanitize=thread)
elseif(WIN32)
  # Windows 7 and newer, the standard's printf, APR's headers before windows.h. Executables load anywhere (64 bits of
  # address), run no data, have the stack that Linux gives, and carry their own copy of what the compiler's library gives. Control
  # flow guard where the compiler has it: clang has, GCC has not.
  target_compile_definitions(x400_flags INTERFACE _WIN32_WINNT=0x0601 WIN32_LEAN_AND_MEAN NOMINMAX
    __USE_MINGW_ANSI_STDIO=1)
  target_compile_options(x400_flags INTERFACE -fstack-protector-strong)
  target_link_options(x400_flags INTERFACE -static -fstack-protector-strong
    -Wl,--dynamicbase,--high-entropy-va,--nxcompat,--stack,8388608)
  check_c_compiler_flag(-mguard=cf HAVE_GUARD_CF)
  if(HAVE_GUARD_CF)
    target_compile_options(x400_flags INTERFACE -mguard=cf)
    target_link_options(x400_flags INTERFACE -mguard=cf)
  endif()
else()
  # Hardening; _FORTIFY_SOURCE needs an optimising build and no sanitizer.
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_compile_options(x400_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
  endif()
  foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection)
    string(MAKE_C_IDENTIFIER "HAVE${flag}" have)
    check_c_compiler_flag(${flag} ${have})
    if(${have})
      target_compile_options(x400_flags INTERFACE ${flag})
    endif()
  endforeach()
  foreach(flag -Wl,-z,relro -Wl,-z,now)
    string(MAKE_C_IDENTIFIER "HAVE${flag}" have)
    check_linker_flag(C ${flag} ${have})
    if(${have})
      target_link_options(x400_flags INTERFACE ${flag})
    endif()
  endforeach()
endif()
if(X400_COVERAGE)
  target_compile_options(x400_flags INTERFACE --coverage)
  target_link_options(x400_flags INTERFACE --coverage)
endif()
if(NOT WIN32 AND NOT X400_FUZZ)
  set(CMAKE_EXE_LINKER_FLAGS "${CMAKE_EXE_LINKER_FLAGS} -pie")
endif()
