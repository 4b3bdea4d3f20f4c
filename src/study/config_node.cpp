#include "twostep/study/config_node.hpp"

namespace twostep {

const ConfigNode* ConfigNode::find(const std::string& key) const {
  for (const auto& [name, node] : members) {
    if (name == key) {
      return &node;
    }
  }
  return nullptr;
}

std::string ConfigNode::where() const {
  if (file.empty()) {
    return line > 0 ? "line " + std::to_string(line) : "";
  }
  return line > 0 ? file + ":" + std::to_string(line) : file;
}

}  // namespace twostep
