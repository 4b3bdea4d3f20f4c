#include "adapters/mpi/world.hpp"

#include <mpi.h>

#include <cstdio>
#include <cstdlib>

#include "adapters/mpi/mpi_group.hpp"
#include "adapters/mpi/mpi_link.hpp"

namespace twostep {

MpiWorld::MpiWorld(int& argc, char**& argv) {
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
}

MpiWorld::~MpiWorld() {
  MPI_Finalize();
}

int MpiWorld::rank() const {
  int out = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &out);
  return out;
}

int MpiWorld::size() const {
  int out = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &out);
  return out;
}

void MpiWorld::broadcast(Bytes& bytes, int root) {
  std::uint64_t size = bytes.size();
  mpi::wait_politely([&](MPI_Request* request) {
    MPI_Ibcast(&size, 1, MPI_UINT64_T, root, MPI_COMM_WORLD, request);
  });
  bytes.resize(size);
  mpi::broadcast_bytes(bytes, root, MPI_COMM_WORLD);
}

std::vector<std::string> MpiWorld::gather(const std::string& text) {
  constexpr int room = 256;
  char mine[room] = {};
  std::snprintf(mine, sizeof mine, "%s", text.c_str());
  const bool root = rank() == 0;
  std::vector<char> all(root ? static_cast<std::size_t>(size()) * room : 0);
  mpi::wait_politely([&](MPI_Request* request) {
    MPI_Igather(mine, room, MPI_CHAR, all.data(), room, MPI_CHAR, 0, MPI_COMM_WORLD, request);
  });
  std::vector<std::string> out;
  for (std::size_t i = 0; i < all.size(); i += room) {
    out.emplace_back(&all[i]);
  }
  return out;
}

void MpiWorld::barrier() {
  mpi::wait_politely([](MPI_Request* request) { MPI_Ibarrier(MPI_COMM_WORLD, request); });
}

std::unique_ptr<Link> MpiWorld::make_link() {
  return std::make_unique<MpiLink>();
}

std::unique_ptr<GroupMaker> MpiWorld::make_group_maker() {
  return std::make_unique<MpiGroupMaker>();
}

void abort_all(const char* message) {
  int on = 0;
  MPI_Initialized(&on);
  int rank = 0;
  if (on != 0) {
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  }
  std::fprintf(stderr, "twostep: rank %d: %s\n", rank, message);
  std::fflush(stderr);
  if (on != 0) {
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  std::abort();
}

void end_all(int exit_code) {
  std::fflush(nullptr);
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

std::string mpi_version() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = {};
  int length = 0;
  MPI_Get_library_version(text, &length);
  const std::string library(text);
  int major = 0;
  int minor = 0;
  MPI_Get_version(&major, &minor);
  return library.substr(0, library.find_first_of(",\n")) + ", MPI " + std::to_string(major) + "." +
         std::to_string(minor);
}

}  // namespace twostep
