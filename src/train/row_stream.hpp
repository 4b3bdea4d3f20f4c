// Training rows from a pack that is read in blocks, window by window. Every member of a team reads
// its own part of a window's blocks, in the order of the file, and sends each row to the member
// that will train on it; so the data are read once per epoch by the team as a whole, and the order
// of rows does not depend on its size.
#pragma once

#include <span>
#include <vector>

#include "twostep/ports/group.hpp"
#include "twostep/ports/pack.hpp"
#include "twostep/train/batches.hpp"

namespace twostep {

class RowStream {
 public:
  RowStream(const Pack& pack, const ReadingPlan& plan, std::uint64_t seed, std::uint64_t stream,
            const BatchShares& shares, Group& group);

  // Goes to a batch of an epoch; batches are then taken one after another.
  void begin(std::uint64_t epoch, std::uint64_t batch);
  // This member's rows of the next batch: inputs, targets and, where the pack has them, the weight
  // of each. They hold until the next call. Collective, as a window may have to be read.
  [[nodiscard]] std::span<const float> take(RowRange batch);

 private:
  const Pack& pack_;
  WindowOrder order_;
  BatchShares shares_;
  Group& group_;
  std::size_t inputs_;
  std::size_t targets_;
  std::size_t weights_;       // 0 or 1
  std::uint64_t from_ = 0;    // positions before it were left out
  std::uint64_t loaded_ = 0;  // positions before it are in rows_, or were
  std::uint64_t window_ = 0;  // the next
  std::vector<float> rows_;   // of this member, in the order of their use
  std::size_t at_ = 0;        // where the batch taken last begins in rows_
  std::size_t used_ = 0;      // its values

  [[nodiscard]] std::size_t width() const { return inputs_ + targets_ + weights_; }
  void load_window();
  void read_ahead(const std::vector<RowRange>& blocks) const;
  void append(std::vector<float>& to, std::uint64_t row) const;
  // use(member, position) for all positions, in order.
  template <class Use>
  void for_each_position(RowRange positions, Use use) const;
};

}  // namespace twostep
