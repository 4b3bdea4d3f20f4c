#include "adapters/posix/executable.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "adapters/posix/host.hpp"

namespace twostep {
namespace {

constexpr std::size_t looked_at = 256;  // as the kernel does
constexpr const char* blanks = " \t";
const std::string elf =
    "\x7f"
    "ELF";

bool executable(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

std::string beginning_of(const std::string& path) {
  std::string out(looked_at, '\0');
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const ssize_t n = file < 0 ? 0 : ::read(file, out.data(), out.size());
  if (file >= 0) {
    ::close(file);
  }
  out.resize(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  return out;
}

std::string with_interpreter(const std::string& path) {
  return "[python3, " + path + "]";
}

Problem absent(const std::string& path, int start_error) {
  const int error = errno;
  char target[512];
  const ssize_t length = ::readlink(path.c_str(), target, sizeof target);
  std::string why = std::strerror(error);
  if (error == ENOENT && length > 0) {
    why = "it is a link to " + std::string(target, static_cast<std::size_t>(length)) +
          ", which is not there";
  } else if (error == ENOENT) {
    why = "there is no such file, seen from " + real_path(".");
  }
  return {"", "no such program: " + path, why,
          start_error == 0 ? "a script needs its interpreter: [python3, train.py]" : put_it_back};
}

Problem not_executable(const std::string& path, const struct stat& status) {
  struct statvfs system {};
  if (S_ISDIR(status.st_mode)) {
    return {"", "no such program: " + path, "it is a folder", "name the program in it"};
  }
  if (::statvfs(path.c_str(), &system) == 0 && (system.f_flag & ST_NOEXEC) != 0) {
    return {
        "", "not executable: " + path, "its file system is mounted noexec",
        "put it elsewhere; a script runs from there by its interpreter: " + with_interpreter(path)};
  }
  char mode[8];
  std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(status.st_mode & 07777));
  return {
      "", "not executable: " + path, std::string("its permissions are ") + mode,
      "chmod +x " + path + "; a script may be run by its interpreter: " + with_interpreter(path)};
}

std::string next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  const std::size_t end = std::min(line.find_first_of(blanks), line.size());
  const std::string out(line.substr(0, end));
  line.remove_prefix(end);
  return out;
}

// first: of a script, behind "#!".
std::optional<Problem> interpreter_problem(const std::string& path, std::string_view first) {
  const std::string shown = path + ":1: #!" + std::string(first.substr(0, first.find('\r')));
  if (first.ends_with('\r')) {
    return Problem{"", "cannot be run: " + path,
                   "its lines end as in Windows: the carriage return at the end of line 1 is taken "
                   "for a part of the interpreter's name",
                   "save it with the line ends of Unix: sed -i 's/\\r$//' " + path};
  }
  const std::string interpreter = next_word(first);
  if (interpreter.empty()) {
    return Problem{"", "cannot be run: " + path, "its first line names no interpreter: " + shown,
                   "write #!/usr/bin/env python3"};
  }
  const std::string hint = "mend that line, or name another: " + with_interpreter(path);
  if (!executable(interpreter)) {
    return Problem{"", "cannot be run: " + path,
                   "its interpreter " + interpreter +
                       (exists(interpreter) ? " is not executable: " : " is not there: ") + shown,
                   hint};
  }
  const std::string named = next_word(first);
  const bool by_env = interpreter.substr(interpreter.rfind('/') + 1) == "env";
  const bool plain = !named.empty() && named.front() != '-' && named.find('=') == std::string::npos;
  if (by_env && plain && !find_program(named)) {
    return Problem{"", "cannot be run: " + path,
                   "its interpreter " + named + " is in none of the folders of PATH: " + shown,
                   hint};
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    return executable(name) ? std::optional(name) : std::nullopt;
  }
  const std::string path = environment("PATH").value_or("/usr/bin:/bin");
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const std::string folder = end == at ? "." : path.substr(at, end - at);
    if (!name.empty() && executable(folder + "/" + name)) {
      return folder + "/" + name;
    }
    at = end + 1;
  }
  return std::nullopt;
}

std::optional<Problem> program_problem(const std::string& name, int start_error) {
  const auto found = find_program(name);
  if (!found && name.find('/') == std::string::npos) {
    return Problem{"", "no such program: " + name, "it is in none of the folders of PATH",
                   start_error != 0 ? put_it_back
                   : exists(name)   ? "one that is not on PATH is named by its path: ./" + name
                                    : "a script needs its interpreter: [python3, train.py]"};
  }
  const std::string path = found.value_or(name);
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return absent(path, start_error);
  }
  if (!found) {
    return not_executable(path, status);
  }
  const std::string text = beginning_of(path);
  const std::string_view first = std::string_view(text).substr(0, text.find('\n'));
  if (text.starts_with("#!")) {
    if (auto problem = interpreter_problem(path, first.substr(2))) {
      return problem;
    }
  } else if (status.st_size == 0) {
    return Problem{"", "cannot be run: " + path, "it is empty", "write a program to it"};
  } else if (text.starts_with(elf)) {
    if (start_error == ENOENT) {
      return Problem{"", "cannot be run: " + path,
                     "the loader or the interpreter that it was linked for is not on this host",
                     "build it here, or for this system"};
    }
    if (start_error == ENOEXEC) {
      return Problem{"", "cannot be run: " + path, "it was built for another processor",
                     "build it for the one of this host"};
    }
  } else if (start_error == ENOEXEC || (!text.empty() && text.find('\0') == std::string::npos)) {
    return Problem{"", "cannot be run: " + path,
                   "it is no program of this system, and its first line names no interpreter; no "
                   "shell reads it",
                   "begin it with #!/bin/sh, #!/usr/bin/env python3 or the like, or write " +
                       with_interpreter(path)};
  }
  if (start_error == 0) {
    return std::nullopt;
  }
  return Problem{"", "cannot be run: " + path, std::strerror(start_error), ""};
}

}  // namespace twostep
