// Reading a snapshot's parts back.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "twostep/control/journal.hpp"
#include "twostep/control/snapshot.hpp"

namespace twostep {

struct PartName {
  std::string name;
  std::uint32_t segment = 0;
  std::uint64_t last_seq = 0;
};

// In the folder's order of segments and events.
[[nodiscard]] std::vector<PartName> snapshot_parts(const std::vector<std::string>& names);

// The chain that ends with this part; nullopt, with a warning: it is not whole.
[[nodiscard]] std::optional<Snapshot> read_chain(Files& files, const PartName& last,
                                                 std::vector<std::string>& warnings);

void read_snapshot(Snapshot& snapshot, const std::function<void(const NumberedEvent&)>& on_event);

}  // namespace twostep
