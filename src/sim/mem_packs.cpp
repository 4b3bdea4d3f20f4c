#include "twostep/sim/mem_packs.hpp"

#include <algorithm>

#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"

namespace twostep {

class MemPacks::Writer : public PackWriter {
 public:
  Writer(MemPacks& packs, std::string name, std::shared_ptr<Content> content, Group& group)
      : packs_(packs), name_(std::move(name)), content_(std::move(content)), group_(group) {}

  ~Writer() override {
    const std::lock_guard lock(packs_.mutex_);
    const auto found = packs_.writing_.find(name_);
    if (found != packs_.writing_.end() && found->second == content_) {
      packs_.writing_.erase(found);  // abandoned
    }
  }

  void write_range(Split split, std::uint64_t begin, std::span<const float> inputs,
                   std::span<const float> targets, std::span<const float> weights) override {
    const auto s = static_cast<std::size_t>(split);
    const std::size_t width = content_->header.input_names.size();
    const std::size_t rows = inputs.size() / width;
    TWOSTEP_REQUIRE(targets.size() == rows * content_->header.target_names.size());
    TWOSTEP_REQUIRE(begin + rows <= content_->header.rows[s]);
    TWOSTEP_REQUIRE(weights.size() == (content_->header.weights.empty() ? 0 : rows));
    std::copy(weights.begin(), weights.end(),
              content_->weights[s].begin() + static_cast<long>(begin));
    std::copy(inputs.begin(), inputs.end(),
              content_->inputs[s].begin() + static_cast<long>(begin * width));
    std::copy(targets.begin(), targets.end(),
              content_->targets[s].begin() +
                  static_cast<long>(begin * content_->header.target_names.size()));
  }

  void finish() override {
    std::vector<double> all{0};
    group_.sum(all);  // everybody has written
    const std::lock_guard lock(packs_.mutex_);
    packs_.packs_[name_] = content_;
    packs_.writing_.erase(name_);
  }

 private:
  MemPacks& packs_;
  std::string name_;
  std::shared_ptr<Content> content_;
  Group& group_;
};

class MemPacks::View : public Pack {
 public:
  explicit View(std::shared_ptr<Content> content) : content_(std::move(content)) {}
  [[nodiscard]] const PackHeader& header() const override { return content_->header; }
  [[nodiscard]] std::span<const float> inputs(Split split) const override {
    return content_->inputs[static_cast<std::size_t>(split)];
  }
  [[nodiscard]] std::span<const float> targets(Split split) const override {
    return content_->targets[static_cast<std::size_t>(split)];
  }
  [[nodiscard]] std::span<const float> weights(Split split) const override {
    return content_->weights[static_cast<std::size_t>(split)];
  }

 private:
  std::shared_ptr<Content> content_;
};

std::unique_ptr<PackWriter> MemPacks::create(const std::string& name, const PackHeader& header,
                                             Group& group) {
  std::shared_ptr<Content> content;
  {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<Content>& slot = writing_[name];
    if (!slot) {
      slot = std::make_shared<Content>();
      slot->header = header;
      for (std::size_t s = 0; s < 3; ++s) {
        slot->inputs[s].resize(header.rows[s] * header.input_names.size());
        slot->targets[s].resize(header.rows[s] * header.target_names.size());
        slot->weights[s].resize(header.weights.empty() ? 0 : header.rows[s]);
      }
    }
    content = slot;
  }
  std::vector<double> all{0};
  group.sum(all);
  return std::make_unique<Writer>(*this, name, content, group);
}

std::unique_ptr<Pack> MemPacks::open(const std::string& name, const std::string& digest) {
  const std::lock_guard lock(mutex_);
  const auto found = packs_.find(name);
  if (found == packs_.end() || found->second->header.digest != digest) {
    return nullptr;
  }
  return std::make_unique<View>(found->second);
}

Model MemModels::load(const std::string& path) {
  const auto found = models_.find(path);
  if (found == models_.end()) {
    throw Error(ErrorKind::data, Problem{path, "no such model", "", ""});
  }
  return found->second;
}

}  // namespace twostep
