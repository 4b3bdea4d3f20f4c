#include "make_aerosol/activation.hpp"

#include <cmath>
#include <numbers>

namespace twostep::aerosol {
namespace {

constexpr double gravity = 9.81;            // m s-2
constexpr double heat_capacity = 1004;      // J kg-1 K-1
constexpr double latent_heat = 2.25e6;      // J kg-1
constexpr double water_density = 1000;      // kg m-3
constexpr double gas_constant = 8.314;      // J mol-1 K-1
constexpr double water_molar_mass = 0.018;  // kg mol-1
constexpr double air_molar_mass = 0.0289;   // kg mol-1

double power_3_2(double x) {
  return x * std::sqrt(x);
}

double power_3_4(double x) {
  const double root = std::sqrt(x);
  return root * std::sqrt(root);
}

// The growth coefficient G for a vapour diffusivity.
double growth(double temperature, double saturation_pressure, double diffusivity) {
  const double rt = gas_constant * temperature;
  const double conductivity = 1e-3 * (4.39 + 0.071 * temperature);
  const double vapour = water_density * rt / (saturation_pressure * diffusivity * water_molar_mass);
  const double heat = latent_heat * water_density * (latent_heat * water_molar_mass / rt - 1) /
                      (conductivity * temperature);
  return 1 / (vapour + heat);
}

}  // namespace

double activate_modes(const Parcel& parcel, std::span<const Mode> modes,
                      std::span<double> fractions, double accommodation, double atmospheres) {
  const double t = parcel.temperature;
  const double celsius = t - 273.15;
  const double rt = gas_constant * t;
  const double saturation_pressure = 611.2 * std::exp(17.67 * celsius / (celsius + 243.5));
  const double surface_tension = 0.0761 - 1.55e-4 * celsius;
  const double ratio = t / 273;
  // ratio^1.94
  const double diffusivity =
      1e-4 * (0.211 / (parcel.pressure * atmospheres)) * std::pow(ratio, 1.94);
  const double a = 2 * surface_tension * water_molar_mass / (water_density * rt);
  const double alpha = gravity * water_molar_mass * latent_heat / (heat_capacity * rt * t) -
                       gravity * air_molar_mass / rt;
  const double gamma = rt / (saturation_pressure * water_molar_mass) +
                       water_molar_mass * latent_heat * latent_heat /
                           (heat_capacity * air_molar_mass * t * parcel.pressure);
  const double free_growth = growth(t, saturation_pressure, diffusivity);
  const auto slowed = [&](double critical_radius, double coefficient) {
    const double slip = diffusivity / (coefficient * critical_radius) *
                        std::sqrt(2 * std::numbers::pi * water_molar_mass / rt);
    return growth(t, saturation_pressure, diffusivity / (1 + slip));
  };
  double sum = 0;
  for (std::size_t i = 0; i < modes.size(); ++i) {
    const Mode& mode = modes[i];
    const double cubed = mode.radius * mode.radius * mode.radius;
    const double critical = std::sqrt(4 * a * a * a / (27 * mode.kappa * cubed));
    double g = free_growth;
    if (accommodation != 1) {
      const double critical_radius = std::sqrt(3 * mode.kappa * cubed / a);
      g *= slowed(critical_radius, accommodation) / slowed(critical_radius, 1);
    }
    const double drive = alpha * parcel.updraft / g;
    const double zeta = 2.0 / 3.0 * a * std::sqrt(drive);
    const double eta =
        power_3_2(drive) / (2 * std::numbers::pi * water_density * gamma * mode.number);
    const double width = std::log(mode.sigma);
    const double f = 0.5 * std::exp(2.5 * width * width);
    sum += (f * power_3_2(zeta / eta) +
            (1 + 0.25 * width) * power_3_4(critical * critical / (eta + 3 * zeta))) /
           (critical * critical);
    fractions[i] = critical;  // for the second pass
  }
  const double largest = 1 / std::sqrt(sum);
  for (std::size_t i = 0; i < modes.size(); ++i) {
    const double u =
        2 * std::log(fractions[i] / largest) / (3 * std::numbers::sqrt2 * std::log(modes[i].sigma));
    fractions[i] = 0.5 * std::erfc(u);
  }
  return largest;
}

}  // namespace twostep::aerosol
