# Defines DNNL::dnnl for oneDNN 2.6 or newer.
# The package configuration that Debian ships demands OpenCL's development files though the CPU library
# does not need them, so it is used only where they are present; else header and library are looked up.
include(FindPackageHandleStandardArgs)
if(NOT TARGET DNNL::dnnl)
  find_package(OpenCL QUIET)
  if(OpenCL_FOUND)
    find_package(dnnl CONFIG QUIET)
  endif()
endif()
if(NOT TARGET DNNL::dnnl)
  find_path(OneDNN_INCLUDE_DIR oneapi/dnnl/dnnl.hpp)
  find_library(OneDNN_LIBRARY dnnl)
  if(OneDNN_INCLUDE_DIR AND OneDNN_LIBRARY)
    add_library(DNNL::dnnl UNKNOWN IMPORTED)
    set_target_properties(DNNL::dnnl PROPERTIES IMPORTED_LOCATION "${OneDNN_LIBRARY}"
      INTERFACE_INCLUDE_DIRECTORIES "${OneDNN_INCLUDE_DIR}")
  endif()
endif()
if(TARGET DNNL::dnnl)
  set(OneDNN_TARGET DNNL::dnnl)
endif()
find_package_handle_standard_args(OneDNN REQUIRED_VARS OneDNN_TARGET)
