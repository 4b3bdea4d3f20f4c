// Where the ranks of a run sit: for the line at the start, and to notice at once when a process on
// this machine has ended, which silence alone would tell only after minutes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "twostep/base/time.hpp"

namespace twostep {

struct Place {
  std::string host;
  std::string cpus;
  long pid = 0;
  std::string pid_space;  // where that number means something

  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static Place decode(const std::string& text);
};

[[nodiscard]] Place own_place();

// "5 ranks (rank 0 coordinates): 0 on h1 CPUs 0; 1-4 on h2 CPUs 0-3; ..."
[[nodiscard]] std::string places_text(const std::vector<Place>& places);

// What slows all ranks down: on some host more threads of training ranks than CPUs that these may
// use together, or a rank with fewer CPUs than threads. "": neither.
[[nodiscard]] std::string crowding_text(const std::vector<Place>& places, std::uint32_t threads);

// Looks after the processes on this machine. When a whole job is killed, its processes end one
// after the other: so one counts as gone only when it has been gone for a while.
class Neighbours {
 public:
  // ranks: those to look after; the others, and those elsewhere, are left to the heartbeats.
  Neighbours(const Place& self, const std::map<int, Place>& ranks);
  // Ranks found to be gone since the last call; looks twice a second.
  [[nodiscard]] std::vector<int> gone(Time now);
  // Ranks whose process is not there at this very moment.
  [[nodiscard]] std::vector<int> missing() const;

 private:
  struct Watched {
    long pid = 0;
    Time missed_since{};  // 0: alive
  };
  std::map<int, Watched> watched_;
  Time next_{};
};

}  // namespace twostep
