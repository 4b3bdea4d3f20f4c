// A pack as a training sees it: normalised with given statistics, gathered into batches.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "twostep/base/row_range.hpp"
#include "twostep/ports/group.hpp"
#include "twostep/ports/pack.hpp"
#include "twostep/study/spec.hpp"
#include "twostep/train/batches.hpp"

namespace twostep {

class TrainingData {
 public:
  // Normalisation as stored in the pack (a trial on the subset), or from the statistics of all its
  // training rows (a retraining; collective over the group).
  TrainingData(std::shared_ptr<const Pack> pack, const DataSpec& spec, bool renormalise,
               Group& group);

  [[nodiscard]] std::size_t inputs() const { return input_.width; }
  [[nodiscard]] std::size_t targets() const { return target_.width; }
  [[nodiscard]] std::uint64_t rows(Split split) const {
    return pack_->header().rows[static_cast<std::size_t>(split)];
  }
  // Training rows at positions [range.begin, range.end) of the order, into x [rows, inputs] and
  // y [rows, targets].
  void gather(const EpochOrder& order, RowRange range, float* x, float* y) const;
  // Row weights, of mean 1 over the training rows; only if weighted().
  [[nodiscard]] bool weighted() const { return weighted_; }
  void gather_weights(const EpochOrder& order, RowRange range, float* w) const;
  [[nodiscard]] double weight(Split split, std::uint64_t row) const {
    return weighted_ ? weight_factor_ *
                           static_cast<double>(weights_[static_cast<std::size_t>(split)][row])
                     : 1;
  }
  // Rows of a RowStream: inputs, targets, and the weight if weighted(), of each as stored.
  void unpack(std::span<const float> rows, float* x, float* y, float* w) const;
  [[nodiscard]] const Pack& pack() const { return *pack_; }
  // Consecutive rows of a split. The views hold until the next call.
  struct Rows {
    std::span<const float> x;
    std::span<const float> y;
  };
  [[nodiscard]] Rows rows(Split split, RowRange range) const;

  // What the network's inputs and outputs mean in transformed units.
  [[nodiscard]] const ColumnEncoding& input_encoding() const { return input_.encoding; }
  [[nodiscard]] const ColumnEncoding& target_encoding() const { return target_.encoding; }
  // How the pack stores targets: transformed = offset + scale * stored.
  [[nodiscard]] const ColumnEncoding& stored_targets() const { return pack_->header().targets; }
  [[nodiscard]] std::span<const float> stored_targets(Split split) const {
    return pack_->targets(split);
  }

 private:
  struct Side {  // inputs or targets; network value = factor * stored + shift
    std::size_t width = 0;
    ColumnEncoding encoding;
    bool as_stored = true;
    std::vector<float> factor;
    std::vector<float> shift;
    mutable std::vector<float> buffer;
    void set(const ColumnEncoding& stored, const ColumnEncoding& wanted);
    void copy(const float* from, float* to) const;  // one row
    [[nodiscard]] std::span<const float> view(std::span<const float> stored) const;
  };
  std::shared_ptr<const Pack> pack_;
  Side input_;
  Side target_;
  bool weighted_ = false;
  std::array<std::span<const float>, 3> weights_;
  double weight_factor_ = 1;  // weight = factor * stored
};

}  // namespace twostep
