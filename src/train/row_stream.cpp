#include "train/row_stream.hpp"

#include <algorithm>
#include <numeric>

#include "twostep/base/check.hpp"

namespace twostep {
namespace {

constexpr std::size_t page_values = 1024;  // floats of a page of memory

// One value of every page, so that the file is read from front to back before rows are picked.
float touch(std::span<const float> values) {
  float sum = 0;
  for (std::size_t i = 0; i < values.size(); i += page_values) {
    sum += values[i];
  }
  return sum;
}

}  // namespace

RowStream::RowStream(const Pack& pack, const ReadingPlan& plan, std::uint64_t seed,
                     std::uint64_t stream, const BatchShares& shares, Group& group)
    : pack_(pack),
      order_(seed, stream, plan),
      shares_(shares),
      group_(group),
      inputs_(pack.header().input_names.size()),
      targets_(pack.header().target_names.size()),
      weights_(pack.header().weights.empty() ? 0 : 1) {}

void RowStream::begin(std::uint64_t epoch, std::uint64_t batch) {
  order_.begin(epoch);
  rows_.clear();
  at_ = used_ = 0;
  from_ = shares_.batch(batch).begin;
  window_ = 0;
  while (order_.positions(window_).end <= from_) {
    ++window_;
  }
  loaded_ = order_.positions(window_).begin;
}

std::span<const float> RowStream::take(RowRange batch) {
  at_ += used_;
  if (loaded_ < batch.end) {
    rows_.erase(rows_.begin(), rows_.begin() + static_cast<long>(at_));
    at_ = 0;
  }
  while (loaded_ < batch.end) {
    load_window();
  }
  used_ = shares_.of(batch, group_.rank()).size() * width();
  TWOSTEP_CHECK(at_ + used_ <= rows_.size());
  return std::span<const float>(rows_).subspan(at_, used_);
}

template <class Use>
void RowStream::for_each_position(RowRange positions, Use use) const {
  const std::uint64_t begin = std::max(positions.begin, from_);
  if (begin >= positions.end) {
    return;
  }
  for (std::uint64_t b = shares_.batch_of(begin); b <= shares_.batch_of(positions.end - 1); ++b) {
    for (int member = 0; member < group_.size(); ++member) {
      const RowRange share = shares_.of(shares_.batch(b), member);
      for (std::uint64_t p = std::max(share.begin, begin); p < std::min(share.end, positions.end);
           ++p) {
        use(static_cast<std::size_t>(member), p);
      }
    }
  }
}

void RowStream::append(std::vector<float>& to, std::uint64_t row) const {
  const auto x = pack_.inputs(Split::train).subspan(row * inputs_, inputs_);
  const auto y = pack_.targets(Split::train).subspan(row * targets_, targets_);
  to.insert(to.end(), x.begin(), x.end());
  to.insert(to.end(), y.begin(), y.end());
  if (weights_ > 0) {
    to.push_back(pack_.weights(Split::train)[row]);
  }
}

void RowStream::read_ahead(const std::vector<RowRange>& blocks) const {
  for (const RowRange& block : blocks) {
    pack_.will_need(Split::train, block);
  }
  volatile float sink = 0;
  for (const RowRange& block : blocks) {
    sink = touch(pack_.inputs(Split::train).subspan(block.begin * inputs_, block.size() * inputs_));
    sink =
        touch(pack_.targets(Split::train).subspan(block.begin * targets_, block.size() * targets_));
    sink =
        touch(pack_.weights(Split::train).subspan(block.begin * weights_, block.size() * weights_));
  }
  static_cast<void>(sink);
}

void RowStream::load_window() {
  order_.open(window_);
  const RowRange positions = order_.positions(window_);
  const auto me = static_cast<std::size_t>(group_.rank());
  const auto members = static_cast<std::size_t>(group_.size());
  const std::vector<RowRange>& blocks = order_.blocks();
  std::vector<std::size_t> reader(blocks.size());  // of each block
  std::vector<RowRange> mine;
  for (std::size_t r = 0; r < members; ++r) {
    const RowRange part = share_of({0, blocks.size()}, static_cast<int>(r), group_.size());
    std::fill(reader.begin() + static_cast<long>(part.begin),
              reader.begin() + static_cast<long>(part.end), r);
    if (r == me) {
      mine.assign(blocks.begin() + static_cast<long>(part.begin),
                  blocks.begin() + static_cast<long>(part.end));
    }
  }
  std::sort(mine.begin(), mine.end(),
            [](const RowRange& a, const RowRange& b) { return a.begin < b.begin; });
  read_ahead(mine);
  if (members == 1) {
    for_each_position(positions,
                      [&](std::size_t, std::uint64_t p) { append(rows_, order_.place(p).row); });
  } else {
    // What goes to each member lies in the order of its use, so the receiver can tell which row is
    // which: it knows the order too.
    std::vector<std::vector<float>> parts(members);
    std::vector<std::uint64_t> receive_counts(members, 0);
    std::vector<std::size_t> sources;  // of this member's rows
    for_each_position(positions, [&](std::size_t member, std::uint64_t p) {
      const WindowOrder::Place place = order_.place(p);
      if (reader[place.block] == me) {
        append(parts[member], place.row);
      }
      if (member == me) {
        sources.push_back(reader[place.block]);
        receive_counts[sources.back()] += width();
      }
    });
    std::vector<float> send;
    std::vector<std::uint64_t> send_counts;
    for (std::vector<float>& part : parts) {
      send_counts.push_back(part.size());
      send.insert(send.end(), part.begin(), part.end());
      std::vector<float>().swap(part);
    }
    std::vector<float> received(sources.size() * width());
    group_.exchange(send, send_counts, received, receive_counts);
    std::vector<std::uint64_t> next(members, 0);
    std::exclusive_scan(receive_counts.begin(), receive_counts.end(), next.begin(),
                        std::uint64_t{0});
    for (const std::size_t source : sources) {
      const auto row = received.begin() + static_cast<long>(next[source]);
      rows_.insert(rows_.end(), row, row + static_cast<long>(width()));
      next[source] += width();
    }
  }
  for (const RowRange& block : mine) {
    pack_.release(Split::train, block);
  }
  loaded_ = positions.end;
  ++window_;
}

}  // namespace twostep
