// Port: packs. A pack is the extracted, column-concatenated, transformed form of (part of) the
// data: per split one float32 matrix of inputs [rows, inputs] and one of targets [rows, targets],
// and a vector of row weights [rows] where the study has such.
// What a trial reads is a pack (the subset), and so is what a retraining reads (all rows). Stored
// values are (value - offset) / scale per column, so that float32 loses nothing on variables with a
// large mean; offsets and scales are part of the pack.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "twostep/base/row_range.hpp"
#include "twostep/ports/group.hpp"

namespace twostep {

enum class Split { train = 0, validation = 1, test = 2 };
inline constexpr std::array<Split, 3> all_splits{Split::train, Split::validation, Split::test};

struct ColumnEncoding {  // physical (transformed) value = offset + scale * stored
  std::vector<double> offset;
  std::vector<double> scale;
  friend bool operator==(const ColumnEncoding&, const ColumnEncoding&) = default;
};

struct PackHeader {
  std::vector<std::string> input_names;  // one per column, "num_aer[2]"
  std::vector<std::string> target_names;
  std::array<std::uint64_t, 3> rows{};  // per split
  ColumnEncoding inputs;
  ColumnEncoding targets;
  std::string digest;  // of everything that decides the content; a reader compares it
  std::uint64_t dropped_rows = 0;
  std::string weights;      // the variable of the row weights; empty: there are none
  double weight_scale = 1;  // weight = scale * stored; the mean over the subset's training rows
  friend bool operator==(const PackHeader&, const PackHeader&) = default;
};

// A pack being written by a group: each member writes its rows, then all call finish together.
// Until finish the pack does not exist under its name (temporary name, sync, rename).
class PackWriter {
 public:
  virtual ~PackWriter() = default;
  // Independent; consecutive rows from `begin` on. The row count follows from the spans' sizes;
  // weights: one per row, or none where the header names none.
  virtual void write_range(Split split, std::uint64_t begin, std::span<const float> inputs,
                           std::span<const float> targets, std::span<const float> weights = {}) = 0;
  virtual void finish() = 0;  // collective
};

// An opened pack: read-only views that stay valid as long as the pack (memory-mapped where the file
// system allows it).
class Pack {
 public:
  virtual ~Pack() = default;
  [[nodiscard]] virtual const PackHeader& header() const = 0;
  [[nodiscard]] virtual std::span<const float> inputs(Split split) const = 0;
  [[nodiscard]] virtual std::span<const float> targets(Split split) const = 0;
  [[nodiscard]] virtual std::span<const float> weights(Split split) const = 0;  // may be empty
  // Advice: these rows will be read soon, or not again for long. No effect on their values.
  virtual void will_need(Split, RowRange) const {}
  virtual void release(Split, RowRange) const {}
};

class Packs {
 public:
  virtual ~Packs() = default;
  // Collective over the group; replaces a pack of that name at finish. Error{io} if there is no
  // space.
  [[nodiscard]] virtual std::unique_ptr<PackWriter> create(const std::string& name,
                                                           const PackHeader& header,
                                                           Group& group) = 0;
  // nullptr if there is no pack of that name, or it is not whole, or its digest is another.
  [[nodiscard]] virtual std::unique_ptr<Pack> open(const std::string& name,
                                                   const std::string& digest) = 0;
};

}  // namespace twostep
