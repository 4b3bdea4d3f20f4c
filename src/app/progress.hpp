// Progress of a running study on stderr: one live line on a terminal, else a plain line at growing
// intervals (10 s to 5 min), so that a batch log stays short.
#pragma once

#include <cstdint>
#include <string>

#include "twostep/base/time.hpp"

namespace twostep {

struct ProgressCounts {
  std::string phase;  // "extracting", "search", "retraining"
  std::uint64_t total = 0;
  std::uint64_t finished = 0;
  std::uint64_t failed = 0;  // diverged, failed, timed out, crashed
  std::uint64_t running = 0;
  double best = 0;  // NaN before the first result
};

class ProgressLine {
 public:
  // width: of the terminal; ignored unless `live`.
  ProgressLine(bool enabled, bool live, int width);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void update(Time now, const ProgressCounts& counts);
  // Writes a message on a line of its own, above the live line.
  void message(const std::string& text);
  void finish(Time now, const ProgressCounts& counts);

 private:
  bool enabled_;
  bool live_;
  int width_;
  bool line_open_ = false;
  Time next_{};
  Duration interval_;
  Time phase_start_{};
  std::string phase_;
  std::uint64_t done_at_start_ = 0;

  [[nodiscard]] std::string text(Time now, const ProgressCounts& counts) const;
  void show(const std::string& text);
};

}  // namespace twostep
