#include "app/run_outcome.hpp"

#include <nlohmann/json.hpp>

#include "adapters/posix/posix_files.hpp"
#include "app/places.hpp"
#include "twostep/base/error.hpp"

namespace twostep {
namespace {

std::pair<std::string, std::string> split_path(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos
             ? std::pair(std::string("."), path)
             : std::pair(path.substr(0, std::max<std::size_t>(slash, 1)), path.substr(slash + 1));
}

}  // namespace

RunOutcome running_outcome(bool opened) {
  const Place self = own_place();
  RunOutcome out;
  out.running = true;
  out.host = self.host;
  out.pid = self.pid;
  out.pid_space = self.pid_space;
  out.opened = opened;
  return out;
}

std::string to_json(const RunOutcome& o) {
  nlohmann::json json;
  if (o.running) {
    json = {{"running", true},
            {"host", o.host},
            {"pid", o.pid},
            {"pid_space", o.pid_space},
            {"opened", o.opened}};
  } else {
    json = {{"exit_code", o.code},
            {"resume", o.code == resume_exit_code},
            {"restart", o.restart},
            {"reason", o.reason},
            {"lost_hosts", o.lost_hosts}};
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::optional<RunOutcome> parse_outcome(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) {
    return std::nullopt;
  }
  try {
    RunOutcome o;
    o.running = json.value("running", false);
    o.host = json.value("host", "");
    o.pid_space = json.value("pid_space", "");
    o.pid = json.value("pid", 0L);
    o.opened = json.value("opened", false);
    o.restart = json.value("restart", false);
    o.reason = json.value("reason", "");
    o.lost_hosts = json.value("lost_hosts", std::vector<std::string>{});
    if (!o.running) {
      o.code = json.at("exit_code").get<int>();
    }
    return o;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

void write_file(const std::string& path, const std::string& text) {
  const auto [folder, name] = split_path(path);
  make_posix_files(folder)->replace(name, text);
}

std::optional<std::string> read_file(const std::string& path) {
  const auto [folder, name] = split_path(path);
  return make_posix_files(folder)->read(name);
}

}  // namespace twostep
