// What the two extractions have in common: reading rows of all variables as transformed doubles,
// and keeping account of values that cannot be used.
#pragma once

#include <memory>
#include <vector>

#include "twostep/data/extractor.hpp"
#include "twostep/ports/pack.hpp"

namespace twostep {

class Extraction {
 public:
  virtual ~Extraction() = default;
  // One round; all members make the same number of rounds. True when the pack is finished.
  virtual bool advance() = 0;
  virtual void describe(Result& result) const = 0;
};

std::unique_ptr<Extraction> extract_subset(const ExtractorContext& context, Group& group);
std::unique_ptr<Extraction> extract_full(const ExtractorContext& context, Group& group);

enum class Defect {
  missing,
  infinite,
  undefined,  // outside the domain of its transform
  negative,   // a weight
  label       // no class, or no probability
};

// Counts of unusable values and where the first of each kind lies.
class DefectTable {
 public:
  explicit DefectTable(std::size_t variables) : cells_(variables * kinds * fields, 0.0) {}
  void note(std::size_t variable, Defect kind, std::uint64_t row, std::size_t column, double value);
  // Collective: throws Error{data} with one problem per variable and kind if any member noted one;
  // drop: only for those that data.missing: drop does not cover.
  void throw_if_any(const ExtractorContext& context, Group& group, bool drop) const;

 private:
  static constexpr std::size_t kinds = 5;
  static constexpr std::size_t fields = 4;  // count, row, column, value
  std::vector<double> cells_;
};

// Reads rows as [rows, inputs + targets + weights] doubles, transformed.
class RowReader {
 public:
  explicit RowReader(const ExtractorContext& context);
  [[nodiscard]] std::size_t columns() const { return columns_; }
  [[nodiscard]] std::size_t variables() const { return variables_.size(); }
  // rows: global, strictly ascending. usable[i]: whether every value of row i is finite.
  void read_rows(std::span<const std::uint64_t> rows, std::span<double> out,
                 std::span<std::uint8_t> usable, DefectTable& defects) const;
  void read_range(std::uint64_t begin, std::uint64_t count, std::span<double> out,
                  std::span<std::uint8_t> usable, DefectTable& defects) const;

 private:
  struct Variable {
    const VariableSpec* spec;
    std::size_t columns;
    std::size_t first;  // column in a row of all
    Task task;          // what its values have to be fit for
    bool weight;
  };
  const ExtractorContext& context_;
  VariableSpec weight_;
  std::vector<Variable> variables_;
  std::size_t columns_ = 0;

  template <class RowOf>
  void place(std::size_t variable, std::span<const double> raw, std::size_t count,
             std::span<double> out, std::span<std::uint8_t> usable, DefectTable& defects,
             RowOf row_of) const;
};

// stored = (value - offset) / scale, split into inputs [rows, inputs], targets [rows, targets] and
// weights [rows] (or none).
struct EncodedRows {
  std::vector<float> inputs;
  std::vector<float> targets;
  std::vector<float> weights;
};
EncodedRows encode_rows(std::span<const double> values, const PackHeader& header);

}  // namespace twostep
