#include "app/progress.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace twostep {
namespace {

constexpr Duration live_interval = std::chrono::milliseconds(200);
constexpr Duration first_plain_interval = std::chrono::seconds(10);
constexpr Duration longest_plain_interval = std::chrono::minutes(5);

std::string time_left(double s) {
  char text[32];
  if (s < 90) {
    std::snprintf(text, sizeof text, "%.0f s", s);
  } else if (s < 5400) {
    std::snprintf(text, sizeof text, "%.0f min", s / 60);
  } else {
    std::snprintf(text, sizeof text, "%.1f h", s / 3600);
  }
  return text;
}

}  // namespace

ProgressLine::ProgressLine(bool enabled, bool live, int width)
    : enabled_(enabled),
      live_(live),
      width_(std::max(width, 40)),
      interval_(live ? live_interval : first_plain_interval) {}

ProgressLine::~ProgressLine() {
  if (line_open_) {
    std::fputc('\n', stderr);
  }
}

std::string ProgressLine::text(Time now, const ProgressCounts& c) const {
  if (c.phase == "extracting") {
    return "extracting rows";
  }
  const std::uint64_t done = c.finished + c.failed;
  char head[160];
  std::snprintf(head, sizeof head, "%s: %llu/%llu done, %llu failed, %llu running", c.phase.c_str(),
                static_cast<unsigned long long>(done), static_cast<unsigned long long>(c.total),
                static_cast<unsigned long long>(c.failed),
                static_cast<unsigned long long>(c.running));
  std::string out = head;
  if (!std::isnan(c.best)) {
    char best[40];
    std::snprintf(best, sizeof best, ", best %.4g", c.best);
    out += best;
  }
  const double elapsed = seconds(now - phase_start_);
  const auto fresh = static_cast<double>(done - std::min(done, done_at_start_));
  if (fresh > 0 && elapsed > 0.5) {
    const double rate = fresh / elapsed;
    char tail[64];
    if (rate >= 0.1) {
      std::snprintf(tail, sizeof tail, ", %.3g/s", rate);
    } else {
      std::snprintf(tail, sizeof tail, ", %.3g/h", rate * 3600);
    }
    out += tail;
    if (done < c.total) {
      out += ", about " + time_left(static_cast<double>(c.total - done) / rate) + " left";
    }
  }
  return out;
}

void ProgressLine::show(const std::string& text) {
  if (live_) {
    std::string line = text.substr(0, static_cast<std::size_t>(width_ - 1));
    std::fprintf(stderr, "\r%s\033[K", line.c_str());
    line_open_ = true;
  } else {
    std::fprintf(stderr, "%s\n", text.c_str());
  }
  std::fflush(stderr);
}

void ProgressLine::update(Time now, const ProgressCounts& counts) {
  if (!enabled_ || counts.phase.empty()) {
    return;
  }
  const bool new_phase = counts.phase != phase_;
  if (new_phase) {
    if (line_open_) {
      std::fputc('\n', stderr);
      line_open_ = false;
    }
    phase_ = counts.phase;
    phase_start_ = now;
    done_at_start_ = counts.finished + counts.failed;
    interval_ = live_ ? live_interval : first_plain_interval;
  }
  if (new_phase || now >= next_) {
    show(text(now, counts));
    next_ = now + interval_;
    if (!live_ && !new_phase) {
      interval_ = std::min(interval_ * 2, longest_plain_interval);
    }
  }
}

void ProgressLine::message(const std::string& text) {
  if (live_ && line_open_) {
    std::fputs("\r\033[K", stderr);
    line_open_ = false;
  }
  std::fprintf(stderr, "%s\n", text.c_str());
  std::fflush(stderr);
}

void ProgressLine::finish(Time now, const ProgressCounts& counts) {
  if (!enabled_ || phase_.empty()) {
    return;
  }
  show(text(now, counts));
  if (line_open_) {
    std::fputc('\n', stderr);
    line_open_ = false;
  }
}

}  // namespace twostep
