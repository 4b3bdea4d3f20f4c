#include <algorithm>
#include <array>

#include "data/extraction.hpp"
#include "twostep/base/error.hpp"
#include "twostep/base/row_range.hpp"
#include "twostep/data/agree.hpp"
#include "twostep/data/column_stats.hpp"
#include "twostep/data/row_split.hpp"

namespace twostep {
namespace {

struct Candidate {
  std::uint64_t row = 0;
  std::uint64_t order = 0;  // among the candidates of its split in this round
  std::size_t split = 0;
};

struct OwnRow {  // a row that this member has read and that the subset keeps
  std::size_t split = 0;
  std::uint64_t position = 0;  // in the pack
  std::size_t values = 0;      // index of the row in values_
};

class SubsetExtraction : public Extraction {
 public:
  SubsetExtraction(const ExtractorContext& context, Group& group)
      : context_(context), group_(group), reader_(context), split_(context.spec, context.plan) {
    wanted_ = {context.plan.subset_rows, context.plan.subset_validation_rows};
  }

  bool advance() override {
    if (!read_round()) {
      return false;
    }
    check_enough();
    write();
    return true;
  }

  void describe(Result& result) const override {
    result.train_rows = accepted_[0];
    result.validation_rows = accepted_[1];
    result.dropped_rows = dropped_;
  }

 private:
  const ExtractorContext& context_;
  Group& group_;
  RowReader reader_;
  RowSplit split_;
  std::array<std::uint64_t, 2> wanted_{};
  std::array<std::uint64_t, 2> accepted_{};
  std::array<std::uint64_t, 2> tried_{};  // selection positions used so far
  std::uint64_t dropped_ = 0;
  std::vector<OwnRow> own_;
  std::vector<double> values_;  // [own_.size(), columns]

  // Reads as many further candidates as rows are wanted. True when nothing more is to be read.
  bool read_round() {
    std::vector<Candidate> candidates;
    std::array<std::uint64_t, 2> counts{};
    agree(group_, [&] { candidates = choose(counts); });
    const RowRange mine = own_share(candidates);
    std::vector<std::uint64_t> rows;
    for (std::uint64_t i = mine.begin; i < mine.end; ++i) {
      rows.push_back(candidates[i].row);
    }
    std::vector<double> values(rows.size() * reader_.columns());
    std::vector<std::uint8_t> usable(rows.size());
    DefectTable defects(reader_.variables());
    agree(group_, [&] { reader_.read_rows(rows, values, usable, defects); });
    defects.throw_if_any(context_, group_, context_.spec.data.missing == MissingPolicy::drop);
    keep(candidates, mine, counts, values, usable);
    for (std::size_t s = 0; s < 2; ++s) {
      const bool more = counts[s] > 0 && tried_[s] < context_.plan.split_rows[s];
      if (accepted_[s] < wanted_[s] && more) {
        return false;
      }
    }
    return true;
  }

  std::vector<Candidate> choose(std::array<std::uint64_t, 2>& counts) const {
    std::vector<Candidate> out;
    for (std::size_t s = 0; s < 2; ++s) {
      const auto rows =
          split_.select(context_.shards, all_splits[s], tried_[s], wanted_[s] - accepted_[s]);
      counts[s] = rows.size();
      for (std::size_t i = 0; i < rows.size(); ++i) {
        out.push_back({rows[i], i, s});
      }
    }
    std::sort(out.begin(), out.end(),
              [](const Candidate& a, const Candidate& b) { return a.row < b.row; });
    return out;
  }

  // A contiguous part of the candidates, moved so that no chunk is read by two members.
  [[nodiscard]] RowRange own_share(const std::vector<Candidate>& candidates) const {
    const RowRange whole{0, candidates.size()};
    const auto align = [&](std::uint64_t i) {
      while (i > 0 && i < candidates.size() &&
             same_chunk(candidates[i - 1].row, candidates[i].row)) {
        ++i;
      }
      return i;
    };
    const RowRange share = share_of(whole, group_.rank(), group_.size());
    return {align(share.begin), align(share.end)};
  }

  [[nodiscard]] bool same_chunk(std::uint64_t a, std::uint64_t b) const {
    const auto& starts = context_.plan.shard_begin;
    const auto shard = static_cast<std::size_t>(std::upper_bound(starts.begin(), starts.end(), a) -
                                                starts.begin() - 1);
    const std::uint64_t chunk = context_.shards.shards()[shard].chunk_rows;
    return chunk > 0 && b < starts[shard + 1] &&
           (a - starts[shard]) / chunk == (b - starts[shard]) / chunk;
  }

  // Positions in the pack follow the order of selection, with unusable rows left out.
  void keep(const std::vector<Candidate>& candidates, RowRange mine,
            const std::array<std::uint64_t, 2>& counts, std::span<const double> values,
            std::span<const std::uint8_t> usable) {
    std::vector<float> bad(counts[0] + counts[1], 0.0F);
    for (std::uint64_t i = 0; i < mine.size(); ++i) {
      const Candidate& c = candidates[mine.begin + i];
      bad[c.split * counts[0] + c.order] = usable[i] != 0 ? 0.0F : 1.0F;
    }
    group_.sum(bad);
    std::vector<std::uint64_t> position(bad.size());
    for (std::size_t s = 0; s < 2; ++s) {
      for (std::uint64_t i = 0; i < counts[s]; ++i) {
        const std::size_t at = s * counts[0] + i;
        position[at] = accepted_[s];
        if (bad[at] == 0.0F) {
          ++accepted_[s];
        } else {
          ++dropped_;
        }
      }
      tried_[s] += counts[s];
    }
    for (std::uint64_t i = 0; i < mine.size(); ++i) {
      const Candidate& c = candidates[mine.begin + i];
      if (usable[i] != 0) {
        own_.push_back(
            {c.split, position[c.split * counts[0] + c.order], values_.size() / reader_.columns()});
        const auto row = values.subspan(i * reader_.columns(), reader_.columns());
        values_.insert(values_.end(), row.begin(), row.end());
      }
    }
  }

  void check_enough() const {
    std::vector<Problem> problems;
    const char* names[] = {"training", "validation"};
    for (std::size_t s = 0; s < 2; ++s) {
      if (accepted_[s] < wanted_[s]) {
        problems.push_back(
            {"search.subset", std::string("too few ") + names[s] + " rows without missing values",
             std::to_string(wanted_[s]) + " are asked for, " + std::to_string(accepted_[s]) +
                 " are left after dropping " + std::to_string(dropped_),
             "ask for a smaller subset"});
      }
    }
    if (!problems.empty()) {
      throw Error(ErrorKind::data, std::move(problems));
    }
  }

  // Calls use(first position, rows) for each block of a split, in order, with the same values on
  // every member: sums of blocks in which each row is filled in by one member.
  template <class Use>
  void exchange(std::size_t split, Use use) {
    auto next =
        std::find_if(own_.begin(), own_.end(), [&](const OwnRow& r) { return r.split == split; });
    std::vector<double> block;
    for (std::uint64_t begin = 0; begin < accepted_[split]; begin += stats_block_rows) {
      const std::uint64_t end = std::min(begin + stats_block_rows, accepted_[split]);
      block.assign((end - begin) * reader_.columns(), 0.0);
      for (; next != own_.end() && next->split == split && next->position < end; ++next) {
        std::copy_n(
            values_.begin() + static_cast<long>(next->values * reader_.columns()),
            reader_.columns(),
            block.begin() + static_cast<long>((next->position - begin) * reader_.columns()));
      }
      group_.sum(block);
      use(begin, block);
    }
  }

  [[nodiscard]] bool writes(std::uint64_t begin) const {
    return begin / stats_block_rows % static_cast<std::uint64_t>(group_.size()) ==
           static_cast<std::uint64_t>(group_.rank());
  }

  void write() {
    std::sort(own_.begin(), own_.end(), [](const OwnRow& a, const OwnRow& b) {
      return std::pair(a.split, a.position) < std::pair(b.split, b.position);
    });
    std::vector<ColumnStats> stats(reader_.columns());
    std::vector<std::pair<std::uint64_t, std::vector<double>>> kept;  // training blocks to write
    exchange(0, [&](std::uint64_t begin, const std::vector<double>& block) {
      std::vector<ColumnStats> part(reader_.columns());
      for (std::size_t i = 0; i < block.size(); ++i) {
        part[i % reader_.columns()].add(block[i]);
      }
      for (std::size_t j = 0; j < part.size(); ++j) {
        stats[j].merge(part[j]);
      }
      if (writes(begin)) {
        kept.emplace_back(begin, block);
      }
    });
    check_targets(stats);
    check_weights("training", weighted() ? stats.back().max : 1);
    const PackHeader header = make_header(stats);
    const auto writer = context_.packs.create("subset", header, group_);
    const auto put = [&](Split split, std::uint64_t begin, const std::vector<double>& block) {
      const EncodedRows rows = encode_rows(block, header);
      writer->write_range(split, begin, rows.inputs, rows.targets, rows.weights);
    };
    agree(group_, [&] {
      for (const auto& [begin, block] : kept) {
        put(Split::train, begin, block);
      }
    });
    kept.clear();
    double heaviest = weighted() ? 0 : 1;  // of the validation rows
    exchange(1, [&](std::uint64_t begin, const std::vector<double>& block) {
      for (std::size_t i = reader_.columns(); weighted() && i <= block.size();
           i += reader_.columns()) {
        heaviest = std::max(heaviest, block[i - 1]);
      }
      if (writes(begin)) {
        kept.emplace_back(begin, block);
      }
    });
    check_weights("validation", heaviest);
    agree(group_, [&] {
      for (const auto& [begin, block] : kept) {
        put(Split::validation, begin, block);
      }
    });
    writer->finish();
  }

  [[nodiscard]] PackHeader make_header(std::span<const ColumnStats> stats) const {
    const std::size_t inputs = context_.plan.inputs();
    PackHeader header;
    header.input_names = context_.plan.input_names;
    header.target_names = context_.plan.target_names;
    header.rows = {accepted_[0], accepted_[1], 0};
    header.inputs = encoding_for(context_.spec.data.normalise_inputs, stats.first(inputs));
    header.targets = encoding_for(context_.spec.data.normalise_targets,
                                  stats.subspan(inputs, context_.plan.targets()));
    if (weighted()) {
      header.weights = context_.spec.data.weights;
      header.weight_scale = stats.back().mean;
    }
    header.digest = context_.plan.subset_digest;
    header.dropped_rows = dropped_;
    return header;
  }

  [[nodiscard]] bool weighted() const { return !context_.spec.data.weights.empty(); }

  void check_weights(const char* split, double heaviest) const {
    if (heaviest == 0) {
      throw Error(ErrorKind::data,
                  Problem{"data.weights", "the weights " + context_.spec.data.weights + " are 0",
                          std::string("of all ") + split + " rows of the subset: nothing counts",
                          "weight the rows by another variable, or take a larger subset"});
    }
  }

  // One constant column among the many of a profile is usual (the top of the atmosphere); a target
  // variable without any variation is a mistake.
  void check_targets(std::span<const ColumnStats> stats) const {
    std::vector<Problem> problems;
    std::size_t column = context_.plan.inputs();
    for (std::size_t t = 0; t < context_.spec.data.targets.size(); ++t) {
      const std::uint64_t columns = context_.plan.target_columns[t];
      bool constant = true;
      for (std::uint64_t j = 0; j < columns; ++j) {
        constant = constant && stats[column + j].constant();
      }
      if (constant) {
        problems.push_back({context_.spec.data.targets[t].where,
                            "the target " + context_.spec.data.targets[t].name + " is constant",
                            "all " + std::to_string(accepted_[0]) +
                                " training rows of the subset hold " +
                                to_text(Value(stats[column].mean)) + ": there is nothing to learn",
                            "leave it out of data.targets, or take a larger subset"});
      }
      column += columns;
    }
    if (!problems.empty()) {
      throw Error(ErrorKind::data, std::move(problems));
    }
  }
};

}  // namespace

std::unique_ptr<Extraction> extract_subset(const ExtractorContext& context, Group& group) {
  return std::make_unique<SubsetExtraction>(context, group);
}

}  // namespace twostep
