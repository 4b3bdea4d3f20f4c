// What the study file means for the data at hand: columns, split sizes, subset sizes, and digests
// by which extracted packs are known again. Made from headers alone, but for `split: {variable:
// ...}`, whose variable has to be read through once, and for the targets of a cross-entropy.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "twostep/base/bytes.hpp"
#include "twostep/ports/pack.hpp"
#include "twostep/ports/shards_description.hpp"
#include "twostep/study/spec.hpp"

namespace twostep {

struct DataPlan {
  std::uint64_t rows = 0;
  std::vector<std::uint64_t>
      shard_begin;                       // first global row of each shard, and the total at the end
  std::vector<std::string> input_names;  // one per column: "tair", "num_aer[2]"
  std::vector<std::string> target_names;
  std::vector<std::uint64_t> input_columns;  // columns of each input variable
  std::vector<std::uint64_t> target_columns;
  std::array<std::uint64_t, 3> split_rows{};  // indexed by Split
  std::array<std::uint64_t, 3>
      file_rows{};            // separate files: rows of each split's files, in shard order
  std::uint64_t classes = 0;  // of a class target; else 0
  std::uint64_t subset_rows = 0;
  std::uint64_t subset_validation_rows = 0;
  std::string data_digest;    // names, rows, columns: which data
  std::string subset_digest;  // that, and all that decides the content of the subset pack
  std::string full_digest;

  [[nodiscard]] std::size_t inputs() const { return input_names.size(); }
  [[nodiscard]] std::size_t targets() const { return target_names.size(); }
  // Of the network: one per target column, or per class.
  [[nodiscard]] std::size_t outputs() const { return classes > 0 ? classes : targets(); }
};

// For the ranks that did not make it.
void encode(ByteWriter& writer, const DataPlan& plan);
[[nodiscard]] DataPlan decode_data_plan(ByteReader& reader);

// The variables in the order in which Shards is to list them: inputs, targets, then weights and
// split variable if there are such.
[[nodiscard]] TableRequest wanted_table(const StudySpec& spec);

// files_per_split: how many shards belong to train, validation and test files; {all, 0, 0} unless
// the split is by files. Error{data} with every problem found.
[[nodiscard]] DataPlan make_plan(const StudySpec& spec, Shards& shards,
                                 std::array<std::size_t, 3> files_per_split);

}  // namespace twostep
