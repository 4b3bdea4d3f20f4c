// How much memory this process may take: what is free on its node and what its limits (cgroup,
// address space) leave, shared with the other ranks of the node.
#pragma once

#include <cstdint>
#include <string>

namespace twostep {

// In bytes; 0: not known. Looked up anew at each call.
[[nodiscard]] std::uint64_t memory_at_hand();

// The value in bytes of one line of /proc/meminfo ("MemAvailable"); 0 if it is not there.
[[nodiscard]] std::uint64_t meminfo_bytes(const std::string& meminfo, const std::string& name);

}  // namespace twostep
