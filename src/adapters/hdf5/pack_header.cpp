#include "adapters/hdf5/pack_header.hpp"

#include <nlohmann/json.hpp>

namespace twostep::hdf5 {

using nlohmann::json;

std::string encode_header(const PackHeader& h) {
  json j{{"format", h.weights.empty() ? 1 : 2},  // 1 is what older programs read
         {"input_names", h.input_names},
         {"target_names", h.target_names},
         {"rows", h.rows},
         {"input_offset", h.inputs.offset},
         {"input_scale", h.inputs.scale},
         {"target_offset", h.targets.offset},
         {"target_scale", h.targets.scale},
         {"digest", h.digest},
         {"dropped_rows", h.dropped_rows}};
  if (!h.weights.empty()) {
    j["weights"] = h.weights;
    j["weight_scale"] = h.weight_scale;
  }
  return j.dump();
}

std::optional<PackHeader> decode_header(const std::string& text) {
  const json j = json::parse(text, nullptr, false);
  if (!j.is_object()) {
    return std::nullopt;
  }
  try {
    const int format = j.value("format", 0);
    if (format != 1 && format != 2) {
      return std::nullopt;
    }
    PackHeader h;
    j.at("input_names").get_to(h.input_names);
    j.at("target_names").get_to(h.target_names);
    j.at("rows").get_to(h.rows);
    j.at("input_offset").get_to(h.inputs.offset);
    j.at("input_scale").get_to(h.inputs.scale);
    j.at("target_offset").get_to(h.targets.offset);
    j.at("target_scale").get_to(h.targets.scale);
    j.at("digest").get_to(h.digest);
    j.at("dropped_rows").get_to(h.dropped_rows);
    if (format == 2) {
      j.at("weights").get_to(h.weights);
      j.at("weight_scale").get_to(h.weight_scale);
    }
    return h;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace twostep::hdf5
