#include <string>

#include "adapters/hdf5/library_version.hpp"
#include "adapters/mpi/world.hpp"
#include "adapters/onednn/onednn_engine.hpp"
#include "adapters/yaml/yaml_reader.hpp"
#include "app/commands.hpp"

namespace twostep {

std::string version_text() {
  return std::string("twostep ") + TWOSTEP_VERSION + " (" + TWOSTEP_BUILD_TYPE + ", " +
         __VERSION__ + ")\n  MPI:         " + mpi_version() + "\n  HDF5:        " + hdf5_version() +
         "\n  oneDNN:      " + onednn_version() + "\n  yaml-cpp:    " + yaml_library_version() +
         "\n  processor:   " + onednn_instruction_set() + "\n";
}

std::string build_text() {
  return std::string("twostep ") + TWOSTEP_VERSION + ", " + TWOSTEP_BUILD_TYPE + ", " +
         mpi_version() + ", HDF5 " + hdf5_version() + ", oneDNN " + onednn_version() + ", " +
         onednn_instruction_set();
}

}  // namespace twostep
