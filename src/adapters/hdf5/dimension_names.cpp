#include "adapters/hdf5/dimension_names.hpp"

#include "adapters/hdf5/handle.hpp"

namespace twostep::hdf5 {
namespace {

std::string object_name(hid_t object) {
  const ssize_t length = H5Iget_name(object, nullptr, 0);
  if (length <= 0) {
    return "";
  }
  std::string path(static_cast<std::size_t>(length) + 1, '\0');
  H5Iget_name(object, path.data(), path.size());
  path.resize(static_cast<std::size_t>(length));
  return path.substr(path.rfind('/') + 1);
}

// An attribute of exactly `rank` elements in one dimension, and its type; not valid otherwise.
struct ListAttribute {
  ListAttribute(hid_t object, const char* name, std::size_t rank) {
    if (H5Aexists(object, name) <= 0) {
      return;
    }
    Handle found(H5Aopen(object, name, H5P_DEFAULT), &H5Aclose);
    type = Handle(H5Aget_type(found.get()), &H5Tclose);
    space = Handle(H5Aget_space(found.get()), &H5Sclose);
    if (H5Sget_simple_extent_npoints(space.get()) == static_cast<hssize_t>(rank)) {
      attribute = std::move(found);
    }
  }
  Handle attribute;
  Handle type;
  Handle space;
};

// DIMENSION_LIST: for each dimension the references to its scales, of which the first names it.
void names_of_scales(hid_t dataset, std::vector<std::string>& names) {
  const ListAttribute list(dataset, "DIMENSION_LIST", names.size());
  if (!list.attribute.valid() || H5Tget_class(list.type.get()) != H5T_VLEN) {
    return;
  }
  const Handle element(H5Tget_super(list.type.get()), &H5Tclose);
  if (H5Tequal(element.get(), H5T_STD_REF_OBJ) <= 0) {
    return;
  }
  std::vector<hvl_t> references(names.size(), hvl_t{0, nullptr});
  if (H5Aread(list.attribute.get(), list.type.get(), references.data()) < 0) {
    reason();
    return;
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (references[i].len > 0 && references[i].p != nullptr) {
      const Handle scale(H5Rdereference2(dataset, H5P_DEFAULT, H5R_OBJECT, references[i].p),
                         &H5Oclose);
      names[i] = scale.valid() ? object_name(scale.get()) : "";
    }
  }
  H5Dvlen_reclaim(list.type.get(), list.space.get(), H5P_DEFAULT, references.data());
}

void names_of_labels(hid_t dataset, std::vector<std::string>& names) {
  const ListAttribute list(dataset, "DIMENSION_LABELS", names.size());
  if (!list.attribute.valid() || H5Tget_class(list.type.get()) != H5T_STRING ||
      H5Tis_variable_str(list.type.get()) <= 0) {
    return;
  }
  std::vector<char*> labels(names.size(), nullptr);
  if (H5Aread(list.attribute.get(), list.type.get(), labels.data()) < 0) {
    reason();
    return;
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty() && labels[i] != nullptr) {
      names[i] = labels[i];
    }
  }
  H5Dvlen_reclaim(list.type.get(), list.space.get(), H5P_DEFAULT, labels.data());
}

}  // namespace

std::vector<std::string> dimension_names(hid_t dataset, std::size_t rank) {
  std::vector<std::string> names(rank);
  if (rank == 1 && read_text_attribute(dataset, "CLASS") == "DIMENSION_SCALE") {
    names[0] = object_name(dataset);
    return names;
  }
  names_of_scales(dataset, names);
  names_of_labels(dataset, names);
  reason();  // whatever could not be looked up has no name; nothing else depends on it
  return names;
}

}  // namespace twostep::hdf5
