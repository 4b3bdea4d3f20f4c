#include "adapters/yaml/yaml_reader.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <sstream>

#include "twostep/base/error.hpp"

namespace twostep {
namespace {

constexpr int deepest = 32;
constexpr std::size_t most_nodes = 100000;  // aliases can multiply a small text into a huge tree
constexpr std::size_t most_bytes = 4u << 20;

class Converter {
 public:
  explicit Converter(const std::string& file) : file_(file) {}

  ConfigNode convert(const YAML::Node& yaml, int depth) {
    if (depth > deepest || ++count_ > most_nodes) {
      throw Error(ErrorKind::config,
                  Problem{file_, "too deep or too large for a study file",
                          "more than " + std::to_string(deepest) + " levels or " +
                              std::to_string(most_nodes) + " values",
                          ""});
    }
    ConfigNode node;
    node.file = file_;
    node.line = yaml.Mark().line + 1;
    node.column = yaml.Mark().column + 1;
    if (yaml.IsMap()) {
      node.kind = ConfigNode::Kind::map;
      for (const auto& member : yaml) {
        node.key_lines.push_back(member.first.Mark().line + 1);
        node.members.push_back({key_text(member.first), convert(member.second, depth + 1)});
      }
    } else if (yaml.IsSequence()) {
      node.kind = ConfigNode::Kind::sequence;
      for (const auto& item : yaml) {
        node.items.push_back(convert(item, depth + 1));
      }
    } else if (yaml.IsScalar()) {
      node.kind = ConfigNode::Kind::scalar;
      node.scalar = yaml.Scalar();
      node.quoted = yaml.Tag() == "!";
    }
    return node;
  }

 private:
  std::string file_;
  std::size_t count_ = 0;

  std::string key_text(const YAML::Node& key) const {
    if (!key.IsScalar()) {
      throw Error(ErrorKind::config,
                  Problem{file_ + ":" + std::to_string(key.Mark().line + 1),
                          "a key that is not a plain word", "", "write name: value"});
    }
    return key.Scalar();
  }
};

// Notes where documents begin, and nothing else.
class DocumentMarks : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { line_ = mark.line + 1; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  [[nodiscard]] int line() const { return line_; }

 private:
  int line_ = 0;
};

// Not with YAML::LoadAll: on some malformed texts that finds empty documents for ever.
void require_one_document(const std::string& text, const std::string& file) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentMarks marks;
  if (parser.HandleNextDocument(marks) && parser.HandleNextDocument(marks)) {
    throw Error(ErrorKind::config,
                Problem{file + ":" + std::to_string(marks.line()),
                        "a second YAML document, or text that does not belong to the first",
                        "a study file is one document", "check this line and the one before"});
  }
}

}  // namespace

ConfigNode read_yaml(const std::string& text, const std::string& file) {
  if (text.size() > most_bytes) {
    throw Error(ErrorKind::config,
                Problem{file, "too large for a study file", std::to_string(text.size()) + " bytes",
                        "is this the right file?"});
  }
  if (text.find('\0') != std::string::npos) {
    throw Error(ErrorKind::config, Problem{file, "not a text file", "it holds a zero byte",
                                           "is this the right file?"});
  }
  try {
    require_one_document(text, file);
    return Converter(file).convert(YAML::Load(text), 0);
  } catch (const YAML::Exception& error) {
    const std::string at =
        error.mark.line >= 0 ? file + ":" + std::to_string(error.mark.line + 1) : file;
    throw Error(
        ErrorKind::config,
        Problem{at, "not valid YAML: " + error.msg, "",
                "check the indentation, brackets and quotes of this line and the one before"});
  }
}

std::string yaml_library_version() {
  return "yaml-cpp";
}

}  // namespace twostep
