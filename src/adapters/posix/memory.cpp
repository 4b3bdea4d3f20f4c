#include "adapters/posix/memory.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "adapters/posix/host.hpp"

namespace twostep {
namespace {

// For the system, the file cache of what is being written, and what an estimate leaves out.
constexpr double usable = 0.9;
constexpr std::uint64_t unlimited = ~std::uint64_t{0};

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

std::uint64_t number_in(const std::string& path) {
  const std::string text = read_file(path);
  char* end = nullptr;
  const std::uint64_t value = std::strtoull(text.c_str(), &end, 10);
  return end == text.c_str() ? unlimited : value;  // "max"
}

// The least limit of this process's control groups, version 2 or 1. In a container the path that
// /proc names may not be visible: then the root of what is mounted is this process's own.
std::uint64_t cgroup_limit() {
  std::uint64_t least = unlimited;
  std::istringstream lines(read_file("/proc/self/cgroup"));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t path_at = line.find(':', line.find(':') + 1);
    if (path_at == std::string::npos) {
      continue;
    }
    const std::string path = line.substr(path_at + 1);
    if (line.starts_with("0::")) {
      least = std::min({least, number_in("/sys/fs/cgroup" + path + "/memory.max"),
                        number_in("/sys/fs/cgroup/memory.max")});
    } else if (line.find(":memory:") != std::string::npos) {
      const std::string name = "/memory.limit_in_bytes";
      least = std::min({least, number_in("/sys/fs/cgroup/memory" + path + name),
                        number_in("/sys/fs/cgroup/memory" + name)});
    }
  }
  return least;
}

std::uint64_t ranks_of_this_node() {
  for (const char* name :
       {"OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS", "SLURM_NTASKS_PER_NODE"}) {
    if (const auto text = environment(name)) {
      const long n = std::strtol(text->c_str(), nullptr, 10);
      if (n > 0) {
        return static_cast<std::uint64_t>(n);
      }
    }
  }
  return 1;
}

}  // namespace

std::uint64_t meminfo_bytes(const std::string& meminfo, const std::string& name) {
  const std::size_t at = ("\n" + meminfo).find("\n" + name + ":");
  if (at == std::string::npos) {
    return 0;
  }
  return 1024 * std::strtoull(meminfo.c_str() + at + name.size() + 1, nullptr, 10);
}

std::uint64_t memory_at_hand() {
  const std::string meminfo = read_file("/proc/meminfo");
  const std::uint64_t total = meminfo_bytes(meminfo, "MemTotal");
  const std::uint64_t available = meminfo_bytes(meminfo, "MemAvailable");
  if (total == 0 || available == 0) {
    return 0;
  }
  rlimit limit{};
  const bool limited = ::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  const double node = static_cast<double>(std::min(total, cgroup_limit()));
  const double share = usable * node / static_cast<double>(ranks_of_this_node());
  const auto mine = static_cast<std::uint64_t>(share);
  return std::min(
      {available, mine, limited ? static_cast<std::uint64_t>(limit.rlim_cur) : unlimited});
}

}  // namespace twostep
