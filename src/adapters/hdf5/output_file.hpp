// A new HDF5 file of float32 variables [N] or [N, k], written block by block: what `twostep
// predict` and the data makers produce. It exists under its name only when it is whole.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace twostep {

struct OutputVariable {
  std::string name;
  std::uint64_t columns = 1;  // 1: [N]
};

class OutputFile {
 public:
  // Error{io} if it cannot be made, Error{study} if `path` exists and overwrite is false.
  OutputFile(const std::string& path, const std::vector<OutputVariable>& variables,
             std::uint64_t rows, bool overwrite);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  // values: [rows, columns of the variable]
  void write(std::size_t variable, std::uint64_t begin, std::span<const float> values);
  void attribute(const std::string& name, const std::string& text);
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace twostep
