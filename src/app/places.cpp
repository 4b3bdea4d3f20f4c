#include "app/places.hpp"

#include <algorithm>
#include <sstream>

#include "adapters/posix/host.hpp"

namespace twostep {
namespace {

constexpr Duration look_every = std::chrono::milliseconds(500);
// mpirun takes up to 3 s to end the ranks of a job that has lost one.
constexpr Duration surely_gone = std::chrono::seconds(5);

}  // namespace

std::string Place::encode() const {
  return host + '\t' + cpus + '\t' + std::to_string(pid) + '\t' + pid_space;
}

Place Place::decode(const std::string& text) {
  std::istringstream in(text);
  Place out;
  std::string pid;
  std::getline(in, out.host, '\t');
  std::getline(in, out.cpus, '\t');
  std::getline(in, pid, '\t');
  std::getline(in, out.pid_space, '\t');
  out.pid = std::atol(pid.c_str());
  return out;
}

Place own_place() {
  return {host_name(), cpu_set(), own_pid(), pid_space()};
}

std::string places_text(const std::vector<Place>& places) {
  constexpr std::size_t most_shown = 8;
  std::string text = std::to_string(places.size()) + " ranks (rank 0 coordinates):";
  for (std::size_t i = 0; i < std::min(places.size(), most_shown); ++i) {
    text += (i > 0 ? ";" : "") + std::string(" ") + std::to_string(i) + " on " + places[i].host +
            " CPUs " + places[i].cpus;
  }
  return text + (places.size() > most_shown ? "; ..." : "");
}

Neighbours::Neighbours(const Place& self, const std::map<int, Place>& ranks) {
  for (const auto& [rank, place] : ranks) {
    if (place.host == self.host && place.pid_space == self.pid_space && !place.pid_space.empty() &&
        place.pid > 0) {
      watched_[rank].pid = place.pid;
    }
  }
}

std::vector<int> Neighbours::gone(Time now) {
  std::vector<int> out;
  if (now < next_) {
    return out;
  }
  next_ = now + look_every;
  for (auto& [rank, one] : watched_) {
    if (process_lives(one.pid)) {
      one.missed_since = Time{};
    } else if (one.missed_since == Time{}) {
      one.missed_since = now;
    } else if (now - one.missed_since >= surely_gone) {
      out.push_back(rank);
    }
  }
  for (const int rank : out) {
    watched_.erase(rank);
  }
  return out;
}

std::vector<int> Neighbours::missing() const {
  std::vector<int> out;
  for (const auto& [rank, one] : watched_) {
    if (!process_lives(one.pid)) {
      out.push_back(rank);
    }
  }
  return out;
}

}  // namespace twostep
