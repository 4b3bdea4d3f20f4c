#include <algorithm>
#include <array>
#include <optional>

#include "data/extraction.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"
#include "twostep/base/row_range.hpp"
#include "twostep/data/agree.hpp"
#include "twostep/data/row_split.hpp"

namespace twostep {
namespace {

// What a member holds at a time: rows, and fewer of them where they are wide.
constexpr std::uint64_t most_rows = 1U << 16;
constexpr std::uint64_t least_rows = 1U << 10;
constexpr std::uint64_t held_values = 1U << 21;

class FullExtraction : public Extraction {
 public:
  FullExtraction(const ExtractorContext& context, Group& group)
      : context_(context),
        group_(group),
        reader_(context),
        round_rows_(std::clamp(held_values / reader_.columns(), least_rows, most_rows)),
        split_(context.spec, context.plan),
        defects_(reader_.variables()),
        drop_(context.spec.data.missing == MissingPolicy::drop),
        mine_(share_of({0, context.plan.rows}, group.rank(), group.size())) {
    // Member 0 has the largest share, so its rounds are everybody's.
    const std::uint64_t largest = share_of({0, context.plan.rows}, 0, group.size()).size();
    rounds_ = (largest + round_rows_ - 1) / round_rows_;
    agree(group_, [&] { subset_ = open_subset(); });
  }

  bool advance() override {
    const bool counting = round_ < rounds_;
    const std::uint64_t begin = std::min(mine_.end, mine_.begin + (round_ % rounds_) * round_rows_);
    const std::uint64_t end = std::min(mine_.end, begin + round_rows_);
    if (begin < end && !error_) {
      try {
        counting ? count(begin, end) : write(begin, end);
      } catch (const Error& error) {
        error_ = error;  // told to the others when this pass is over
      }
    }
    ++round_;
    if (round_ == rounds_) {
      begin_writing();
    } else if (round_ == 2 * rounds_) {
      settle();
      writer_->finish();
      return true;
    }
    return false;
  }

  void describe(Result& result) const override {
    result.train_rows = header_.rows[0];
    result.validation_rows = header_.rows[1];
    result.test_rows = header_.rows[2];
    result.dropped_rows = header_.dropped_rows;
  }

 private:
  const ExtractorContext& context_;
  Group& group_;
  RowReader reader_;
  std::uint64_t round_rows_;
  RowSplit split_;
  DefectTable defects_;
  bool drop_;
  RowRange mine_;
  std::uint64_t rounds_ = 0;
  std::uint64_t round_ = 0;  // first a pass that counts, then one that writes
  std::array<std::uint64_t, 3> counts_{};
  std::array<std::uint64_t, 3> next_{};  // where this member's next row of a split goes
  std::optional<Error> error_;
  std::unique_ptr<Pack> subset_;
  PackHeader header_;
  std::unique_ptr<PackWriter> writer_;

  [[nodiscard]] std::unique_ptr<Pack> open_subset() const {
    auto pack = context_.packs.open("subset", context_.plan.subset_digest);
    if (!pack) {
      throw Error(ErrorKind::study,
                  Problem{"subset.h5", "the extracted subset is gone",
                          "it was removed or replaced while the study ran", "run the study again"});
    }
    return pack;
  }

  void settle() {
    agree(group_, [&] {
      if (error_) {
        throw Error(*error_);
      }
    });
    defects_.throw_if_any(context_, group_, drop_);
  }

  void count(std::uint64_t begin, std::uint64_t end) {
    std::vector<std::uint8_t> splits(end - begin);
    split_.classify(context_.shards, begin, splits);
    std::vector<std::uint8_t> usable(end - begin, 1);
    if (drop_) {
      std::vector<double> values(usable.size() * reader_.columns());
      reader_.read_range(begin, usable.size(), values, usable, defects_);
    }
    for (std::size_t i = 0; i < splits.size(); ++i) {
      counts_[splits[i]] += usable[i];
    }
  }

  void begin_writing() {
    settle();
    const auto size = static_cast<std::size_t>(group_.size());
    const auto rank = static_cast<std::size_t>(group_.rank());
    std::vector<double> all(size * 3, 0.0);
    for (std::size_t s = 0; s < 3; ++s) {
      all[rank * 3 + s] = static_cast<double>(counts_[s]);
    }
    group_.sum(all);
    header_ = subset_->header();
    header_.rows = {};
    for (std::size_t r = 0; r < size; ++r) {
      for (std::size_t s = 0; s < 3; ++s) {
        if (r == rank) {
          next_[s] = header_.rows[s];
        }
        header_.rows[s] += static_cast<std::uint64_t>(all[r * 3 + s]);
      }
    }
    header_.dropped_rows = context_.plan.rows - header_.rows[0] - header_.rows[1] - header_.rows[2];
    header_.digest = context_.plan.full_digest;
    writer_ = context_.packs.create("full", header_, group_);
  }

  void write(std::uint64_t begin, std::uint64_t end) {
    std::vector<std::uint8_t> splits(end - begin);
    split_.classify(context_.shards, begin, splits);
    std::vector<std::uint8_t> usable(splits.size());
    std::vector<double> values(usable.size() * reader_.columns());
    reader_.read_range(begin, usable.size(), values, usable, defects_);
    std::array<std::vector<double>, 3> rows;
    for (std::size_t i = 0; i < usable.size(); ++i) {
      if (usable[i] != 0) {
        const auto row = values.begin() + static_cast<long>(i * reader_.columns());
        rows[splits[i]].insert(rows[splits[i]].end(), row,
                               row + static_cast<long>(reader_.columns()));
      } else if (!drop_) {
        return;  // the study fails at the end of the pass, when all such values are counted
      }
    }
    for (std::size_t s = 0; s < 3; ++s) {
      if (!rows[s].empty()) {
        const EncodedRows encoded = encode_rows(rows[s], header_);
        writer_->write_range(all_splits[s], next_[s], encoded.inputs, encoded.targets,
                             encoded.weights);
        next_[s] += rows[s].size() / reader_.columns();
      }
    }
  }
};

}  // namespace

std::unique_ptr<Extraction> extract_full(const ExtractorContext& context, Group& group) {
  return std::make_unique<FullExtraction>(context, group);
}

}  // namespace twostep
