// The packs and models ports in memory. Members of a team, in threads of their own, may share one
// MemPacks.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "twostep/ports/models.hpp"
#include "twostep/ports/pack.hpp"

namespace twostep {

class MemPacks : public Packs {
 public:
  [[nodiscard]] std::unique_ptr<PackWriter> create(const std::string& name,
                                                   const PackHeader& header, Group& group) override;
  [[nodiscard]] std::unique_ptr<Pack> open(const std::string& name,
                                           const std::string& digest) override;

 private:
  struct Content {
    PackHeader header;
    std::array<std::vector<float>, 3> inputs;
    std::array<std::vector<float>, 3> targets;
    std::array<std::vector<float>, 3> weights;
  };
  class Writer;
  class View;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Content>> writing_;
  std::map<std::string, std::shared_ptr<Content>> packs_;
};

class MemModels : public Models {
 public:
  void save(const std::string& path, const Model& model) override { models_[path] = model; }
  [[nodiscard]] Model load(const std::string& path) override;

 private:
  std::map<std::string, Model> models_;
};

}  // namespace twostep
