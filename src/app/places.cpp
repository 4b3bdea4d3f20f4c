#include "app/places.hpp"

#include <algorithm>
#include <set>
#include <sstream>

#include "adapters/posix/host.hpp"

namespace twostep {
namespace {

constexpr Duration look_every = std::chrono::milliseconds(500);
// mpirun takes up to 3 s to end the ranks of a job that has lost one.
constexpr Duration surely_gone = std::chrono::seconds(5);

// "0-3,8" as host.hpp's cpu_set() writes it; none if it is something else.
std::set<int> numbers_of(const std::string& cpus) {
  std::set<int> out;
  std::istringstream in(cpus);
  for (int first = 0; in >> first; in.get()) {
    int last = first;
    if (in.peek() == '-') {
      in.get();
      in >> last;
    }
    for (int i = first; i <= last; ++i) {
      out.insert(i);
    }
  }
  return out;
}

std::string count_of(std::size_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

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
  constexpr int most_shown = 64;
  std::string text = std::to_string(places.size()) + " ranks (rank 0 coordinates):";
  int shown = 0;
  for (std::size_t i = 0; i < places.size(); ++shown) {
    if (shown == most_shown) {
      return text + "; ...";
    }
    const Place& place = places[i];
    std::size_t last = i;
    while (i > 0 && last + 1 < places.size() && places[last + 1].host == place.host &&
           places[last + 1].cpus == place.cpus) {
      ++last;
    }
    text += (i > 0 ? "; " : " ") + std::to_string(i) +
            (last > i ? "-" + std::to_string(last) : std::string()) + " on " + place.host +
            " CPUs " + place.cpus;
    i = last + 1;
  }
  return text;
}

std::string crowding_text(const std::vector<Place>& places, std::uint32_t threads) {
  struct Host {
    std::size_t ranks = 0;
    std::set<int> cpus;
  };
  std::map<std::string, Host> hosts;
  for (std::size_t i = places.size() > 1 ? 1 : 0; i < places.size(); ++i) {
    const std::set<int> own = numbers_of(places[i].cpus);
    if (own.empty()) {
      return "";  // this system does not say
    }
    if (own.size() < threads) {
      return "rank " + std::to_string(i) + " on " + places[i].host + " may use " +
             count_of(own.size(), "CPU") + " for training.threads: " + std::to_string(threads) +
             "; let the launcher give each rank more (mpirun --map-by slot:pe=" +
             std::to_string(threads) + ", srun --cpus-per-task), or lower training.threads";
    }
    Host& host = hosts[places[i].host];
    ++host.ranks;
    host.cpus.insert(own.begin(), own.end());
  }
  for (const auto& [name, host] : hosts) {
    if (host.ranks * threads > host.cpus.size()) {
      return count_of(host.ranks, "training rank") + " of " + count_of(threads, "thread") +
             " share " + count_of(host.cpus.size(), "CPU") + " of " + name +
             ", and will wait for each other; start fewer ranks there, or give them more CPUs";
    }
  }
  return "";
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
