// A study file as a neutral tree: what the YAML adapter (or the JSON reader) hands to read_spec,
// each node with its place in the text, so that pure code can report file:line without knowing
// YAML.
#pragma once

#include <string>
#include <vector>

namespace twostep {

struct ConfigNode {
  enum class Kind { null, scalar, sequence, map };
  Kind kind = Kind::null;
  std::string scalar;             // text as written
  bool quoted = false;            // "5" in quotes is a string, never a number
  std::vector<ConfigNode> items;  // sequence
  // No std::pair: some compilers look into it while ConfigNode is incomplete.
  struct Member;
  std::vector<Member> members;  // map, in file order; duplicate keys are kept
  std::string file;  // may be empty (JSON from the journal)
  int line = 0;      // 1-based; 0: unknown
  int column = 0;
  // Lines of the keys of `members`, same order (the value may start on a later line).
  std::vector<int> key_lines;

  [[nodiscard]] const ConfigNode* find(const std::string& key) const;  // nullptr if absent
  [[nodiscard]] std::string where() const;                             // "file:line"
};

struct ConfigNode::Member {
  std::string first;  // the key
  ConfigNode second;
};

}  // namespace twostep
