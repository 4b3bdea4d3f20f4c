// Aerosol activation by the parameterisation of Abdul-Razzak and Ghan (2000, JGR 105, 6837): which
// fraction of the particles of each lognormal mode becomes cloud droplets in a rising air parcel.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace twostep::aerosol {

struct Parcel {
  double temperature = 283;  // K
  double pressure = 85000;   // Pa
  double updraft = 0.5;      // m/s
};

struct Mode {
  double number = 0;  // m-3
  double radius = 0;  // m, median, dry
  double sigma = 0;   // geometric standard deviation
  double kappa = 0;   // hygroscopicity
};

// Pascal to atmospheres in the diffusivity of vapour. The usual reference implementation multiplies
// by 1.01325e-5 instead, which test vectors made with it need.
inline constexpr double atmospheres_per_pascal = 1.0 / 101325;

// Fills fractions (one per mode) and returns the maximum supersaturation.
double activate_modes(const Parcel& parcel, std::span<const Mode> modes,
                      std::span<double> fractions, double accommodation = 1,
                      double atmospheres = atmospheres_per_pascal);

}  // namespace twostep::aerosol
