#include "twostep/train/mlp_trainer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>

#include "train/training_run.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"
#include "twostep/base/log.hpp"
#include "twostep/data/agree.hpp"
#include "twostep/train/memory.hpp"

namespace twostep {
namespace {

// What the leader tells its team at the head of each slice.
struct SliceHeader {
  std::uint64_t steps = 0;
  std::uint64_t stop = 0;
  std::uint64_t state_bytes = 0;  // of a checkpoint that follows, to go on from
};

}  // namespace

MlpTrainer::MlpTrainer(TrainerContext context) : context_(std::move(context)) {}

MlpTrainer::~MlpTrainer() = default;

std::shared_ptr<const Pack> MlpTrainer::open_pack(AssignmentKind kind) {
  const bool full = kind == AssignmentKind::retrain;
  if (!full && subset_) {
    return subset_;
  }
  std::shared_ptr<const Pack> pack =
      full ? context_.packs.open("full", context_.plan.full_digest)
           : context_.packs.open("subset", context_.plan.subset_digest);
  if (!pack) {
    throw Error(
        ErrorKind::io,
        Problem{full ? "full.h5" : "subset.h5", "the extracted data cannot be read on this node",
                "the file is missing or is another study's",
                "is study.directory on a file system that all nodes share?"});
  }
  if (!full) {
    subset_ = pack;
  }
  return pack;
}

void MlpTrainer::check_memory(const Assignment& assignment, std::uint64_t rows) const {
  if (context_.memory_at_hand == nullptr) {
    return;
  }
  const Hyperparameters h = resolve(context_.spec, context_.space, assignment.point);
  NetworkShape shape;
  shape.inputs = static_cast<std::uint32_t>(context_.plan.input_names.size());
  shape.widths = h.model.widths;
  shape.outputs = static_cast<std::uint32_t>(context_.plan.target_names.size());
  const std::uint64_t batch = std::min<std::uint64_t>(h.training.batch_size, rows);
  const std::uint64_t share = (batch + assignment.team.size() - 1) / assignment.team.size();
  require_memory(training_bytes(shape, h.training.optimizer, share), context_.memory_at_hand());
}

void MlpTrainer::start(const Assignment& assignment) {
  TWOSTEP_REQUIRE(!run_ && (assignment.kind == AssignmentKind::trial ||
                            assignment.kind == AssignmentKind::retrain));
  stop_ = false;
  earlier_seconds_ = 0;
  step_seconds_ = 0;
  loaded_ = {};
  begun_ = context_.clock.now();
  std::vector<int> ranks;
  for (const WorkerId id : assignment.team) {
    ranks.push_back(static_cast<int>(id.value));
  }
  group_ = context_.groups.make(ranks, static_cast<int>(assignment.id.value % 32768));
  std::shared_ptr<const Pack> pack;
  agree(*group_, [&] { pack = open_pack(assignment.kind); });
  agree(*group_, [&] {
    check_memory(assignment, pack->header().rows[static_cast<std::size_t>(Split::train)]);
  });
  try {
    run_ = std::make_unique<TrainingRun>(context_, assignment, std::move(pack), *group_);
  } catch (const std::length_error&) {
    throw std::bad_alloc();  // a network that no address space holds
  }
}

void MlpTrainer::advance_alone(Duration slice) {
  const Time begun = context_.clock.now();
  do {
    if (run_->paused()) {
      return;
    }
    run_->step();
  } while (!run_->ended() && context_.clock.now() - begun < slice);
}

// False: the leader was asked to stop.
bool MlpTrainer::advance_team(Duration slice) {
  SliceHeader header;
  if (group_->rank() == 0) {
    const double steps = step_seconds_ > 0 ? seconds(slice) / step_seconds_ : 1;
    header.steps = static_cast<std::uint64_t>(std::clamp(steps, 1.0, 1e6));
    header.stop = stop_ ? 1 : 0;
    header.state_bytes = loaded_.size();
  }
  std::array<std::byte, sizeof header> bytes{};
  std::memcpy(bytes.data(), &header, sizeof header);
  group_->broadcast(bytes, 0);
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.stop != 0) {
    return false;
  }
  if (header.state_bytes > 0) {
    load_team(header.state_bytes);
  }
  const Time begun = context_.clock.now();
  std::uint64_t done = 0;
  for (; done < header.steps && !run_->ended(); ++done) {
    run_->step();
  }
  step_seconds_ =
      seconds(context_.clock.now() - begun) / static_cast<double>(std::max<std::uint64_t>(done, 1));
  return true;
}

// One member has read the checkpoint, so that all go on from the same.
void MlpTrainer::load_team(std::uint64_t bytes) {
  loaded_.resize(bytes);
  group_->broadcast(loaded_, 0);
  try {
    ByteReader reader(loaded_);
    const double earlier = reader.f64();
    run_->load(reader);
    earlier_seconds_ = earlier;
  } catch (const Error& error) {  // the same bytes, so all members begin anew
    log(LogLevel::warning, std::string("a checkpoint was left aside: ") + error.what());
  }
  loaded_ = {};
}

std::optional<Result> MlpTrainer::advance(Duration slice) {
  TWOSTEP_REQUIRE(run_ != nullptr);
  try {
    if (group_->size() == 1) {
      advance_alone(slice);
    } else if (!advance_team(slice)) {
      run_.reset();
      Result stopped;
      stopped.outcome = Outcome::interrupted;
      stopped.objective = std::numeric_limits<double>::quiet_NaN();
      stopped.message = "stopped";
      return stopped;
    }
    if (run_->paused()) {
      Result result = run_->result();
      result.seconds = earlier_seconds_ + seconds(context_.clock.now() - begun_);
      return result;
    }
    return run_->ended() ? std::optional(finish()) : std::nullopt;
  } catch (...) {
    run_.reset();
    throw;
  }
}

Result MlpTrainer::finish() {
  Result result = run_->result();
  result.seconds = earlier_seconds_ + seconds(context_.clock.now() - begun_);
  run_.reset();
  group_.reset();
  return result;
}

Progress MlpTrainer::progress() const {
  return run_ ? run_->progress() : Progress{0, 0, std::numeric_limits<double>::quiet_NaN()};
}

Bytes MlpTrainer::save() const {
  TWOSTEP_REQUIRE(run_ != nullptr);
  ByteWriter writer;
  writer.f64(earlier_seconds_ + seconds(context_.clock.now() - begun_));
  run_->save(writer);
  return writer.take();
}

void MlpTrainer::load(std::span<const std::byte> state) {
  TWOSTEP_REQUIRE(run_ != nullptr);
  if (group_->size() > 1) {
    loaded_.assign(state.begin(), state.end());
    return;
  }
  ByteReader reader(state);
  const double earlier = reader.f64();
  run_->load(reader);
  earlier_seconds_ = earlier;
}

void MlpTrainer::stop() {
  stop_ = true;
  if (group_ && group_->size() == 1) {
    run_.reset();
  }
}

}  // namespace twostep
