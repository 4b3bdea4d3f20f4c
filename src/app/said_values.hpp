// What a user's program says on its standard output: lines of JSON with a value among whatever else
// it prints (docs/command.md). Pure: the same bytes have the same meaning in whatever pieces they
// come.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "twostep/study/spec.hpp"

namespace twostep {

// What a line says: {"value": 0.25, "epoch": 3}; further numbers are for nsga2 and reports.
struct SaidValue {
  double value = 0;      // NaN: null, infinite, too large, or no number at all
  std::uint64_t at = 0;  // epoch or step; 0: not said
  std::optional<double> parameters;
  std::optional<double> inference_seconds;  // per row
};
// nullopt: the line is output like any other.
[[nodiscard]] std::optional<SaidValue> parse_said(std::string_view line);

// Why nsga2 cannot weigh the value against `second`, and what to print; "": it can.
[[nodiscard]] std::string lacking_of(const SaidValue& said, SecondObjective second);

// The learning curve that a program says, up to what decides about it: a value that is not finite,
// or one at `until`. What comes after that counts no more, however fast it came.
class SaidCurve {
 public:
  static constexpr std::size_t longest_line = 65536;  // that may say a value; bytes
  static constexpr std::size_t most_points = 4096;    // then every second one is let go

  SaidCurve() = default;
  // until: epochs or steps; 0: to the end. maximise: values are kept with their signs turned.
  SaidCurve(std::uint64_t until, bool maximise) : until_(until), maximise_(maximise) {}

  void hear(std::string_view text);  // the next piece of its output
  void hear_end();                   // the last line may lack its end
  // A value of an earlier part of this training, before anything was heard. The program goes on
  // from there, or begins anew.
  void remember(std::uint64_t at, double value) { points_[at] = value; }

  [[nodiscard]] bool any() const { return said_ > 0; }  // by this program
  [[nodiscard]] bool diverged() const { return diverged_; }
  [[nodiscard]] bool reached() const { return reached_; }  // until
  [[nodiscard]] const SaidValue& last() const { return last_; }
  // By epoch or step. A value at an earlier one than the last means that the program has gone back
  // there: what it had said of later ones is dropped.
  [[nodiscard]] const std::map<std::uint64_t, double>& points() const { return points_; }
  [[nodiscard]] std::uint64_t done() const {  // epochs or steps
    return points_.empty() ? 0 : points_.rbegin()->first;
  }

 private:
  std::uint64_t until_ = 0;
  bool maximise_ = false;
  std::uint64_t said_ = 0;
  bool diverged_ = false;
  bool reached_ = false;
  SaidValue last_;
  std::map<std::uint64_t, double> points_;
  std::string line_;  // the beginning of one that has not ended

  void hear_line();
  void thin();
};

// The end of what a program printed for people, as one message: UTF-8, without control sequences of
// terminals, of a progress line only its last state; at most `most` bytes, whole lines if any fit.
[[nodiscard]] std::string last_words(std::string_view printed, std::size_t most = 300);

}  // namespace twostep
