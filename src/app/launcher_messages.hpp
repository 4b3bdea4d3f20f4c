// What mpirun's and srun's own messages say about the end of a job.
#pragma once

#include <optional>
#include <string>

#include "twostep/base/error.hpp"

namespace twostep {

// The node that a launcher's message blames for the end of the job, or "".
[[nodiscard]] std::string blamed_node(const std::string& text);

// What the launcher refuses and would refuse again, from its exit status and message; nullopt if
// another start may help.
[[nodiscard]] std::optional<Problem> refusal(const std::string& launcher, int status,
                                             const std::string& text);

}  // namespace twostep
