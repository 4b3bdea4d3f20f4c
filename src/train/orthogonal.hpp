// Orthonormal vectors for initial weights.
#pragma once

#include <cstddef>
#include <span>

namespace twostep {

// Replaces `count` vectors of `length` >= count numbers each, stored one behind the other and
// linearly independent, by orthonormal ones: vector i spans with those before it what it spanned
// before. Gram and Schmidt's method by blocks, in an order that the sizes alone decide.
void make_orthonormal(std::span<double> vectors, std::size_t count, std::size_t length);

}  // namespace twostep
