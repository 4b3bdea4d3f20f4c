# Compiler settings for every target of the project.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
find_program(TWOSTEP_CCACHE ccache)
if(TWOSTEP_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${TWOSTEP_CCACHE}")
endif()

# Off for users, whose compilers may warn of other things; on in every preset that developers and CI use.
option(TWOSTEP_WARNINGS_AS_ERRORS "Treat compiler warnings as errors" OFF)
set(TWOSTEP_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize= (address,undefined or thread)")

add_library(twostep_flags INTERFACE)
target_include_directories(twostep_flags INTERFACE "${PROJECT_SOURCE_DIR}/include")
target_compile_options(twostep_flags INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
  # Bits must not depend on whether a compiler fuses a multiplication and an addition.
  -ffp-contract=off
  # errno and floating-point traps, which nobody looks at, would keep loops with sqrt from being vectorised.
  -fno-math-errno -fno-trapping-math)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(twostep_flags INTERFACE -Wno-restrict -Wno-maybe-uninitialized)  # false alarms on std::string and std::variant
endif()
if(TWOSTEP_WARNINGS_AS_ERRORS)
  target_compile_options(twostep_flags INTERFACE -Werror)
endif()
# Portable over the processors of one cluster; hot loops outside oneDNN carry their own versions.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(twostep_flags INTERFACE -march=x86-64-v2)
endif()
option(TWOSTEP_FUZZ "Build the fuzz targets with clang's libFuzzer" OFF)
if(TWOSTEP_FUZZ)
  target_compile_options(twostep_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(TWOSTEP_SANITIZE)
  target_compile_options(twostep_flags INTERFACE -fsanitize=${TWOSTEP_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(twostep_flags INTERFACE -fsanitize=${TWOSTEP_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND TWOSTEP_SANITIZE STREQUAL "address,undefined")
    # As libraries of their own, GCC's two run-times do not share options: log_path would lack half of all reports.
    target_link_options(twostep_flags INTERFACE -static-libasan -static-libubsan)
  endif()
endif()
