#include "codec/tar/header.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat::tar {
namespace {

struct Field {
  size_t offset;
  size_t size;
};
constexpr Field name_field{0, 100};
constexpr Field mode_field{100, 8};
constexpr Field uid_field{108, 8};
constexpr Field gid_field{116, 8};
constexpr Field size_field{124, 12};
constexpr Field mtime_field{136, 12};
constexpr Field checksum_field{148, 8};
constexpr size_t type_offset = 156;
constexpr Field link_field{157, 100};
constexpr Field magic_field{257, 8};  // with the version
constexpr Field user_field{265, 32};
constexpr Field group_field{297, 32};
constexpr Field prefix_field{345, 155};
constexpr std::string_view ustar_magic{"ustar\00000", 8};
constexpr std::string_view gnu_magic{"ustar  \0", 8};

// Where to split a path that is too long for the name field: the '/' after the prefix; npos if
// there is no such place.
size_t find_split(std::string_view path) {
  const size_t from = path.size() > name_field.size + 1 ? path.size() - name_field.size - 1 : 0;
  const size_t split = path.find('/', from);
  // The name must not be empty, as it would be behind the slash that ends a folder's path.
  if (split == 0 || split > prefix_field.size || split + 1 >= path.size()) return path.npos;
  return split;
}

void put_text(Block& block, Field field, std::string_view text) {
  std::memcpy(block.data() + field.offset, text.data(), std::min(text.size(), field.size));
}

// Octal digits and a final zero; nothing but zeros for what does not fit.
void put_octal(Block& block, Field field, uint64_t value) {
  if (field.size < 12 ? value > octal_7_max : value > octal_11_max) value = 0;
  put_text(block, field, format("{:0{}o}", value, field.size - 1));
}

std::string_view field_view(const Block& block, Field field) {
  return as_text(ByteView(block).subspan(field.offset, field.size));
}

std::string get_text(const Block& block, Field field) {
  const std::string_view view = field_view(block, field);
  return std::string(view.substr(0, view.find('\0')));
}

// GNU's base-256: the first byte is 0x80 or 0xff, the rest a two's complement number.
int64_t get_base256(std::string_view view, std::string_view name) {
  const bool is_negative = view[0] == '\xff';
  uint64_t value = is_negative ? UINT64_MAX : 0;
  for (const char c : view.substr(1)) {
    // What is shifted out must be the sign alone.
    if ((value >> 55) != (is_negative ? 0x1ffu : 0u)) {
      refuse(format("the {} is out of range", name));
    }
    value = value << 8 | static_cast<unsigned char>(c);
  }
  return static_cast<int64_t>(value);
}

// A number of either form; octal ones may have spaces around them, and nothing at all is 0.
int64_t get_number(const Block& block, Field field, std::string_view name) {
  std::string_view view = field_view(block, field);
  if (view[0] == '\x80' || view[0] == '\xff') return get_base256(view, name);
  view = trim(view.substr(0, view.find('\0')));
  int64_t value = 0;
  for (const char c : view) {
    if (c < '0' || c > '7') refuse(format("the {} is no octal number", name));
    value = value * 8 + (c - '0');  // 12 digits at most
  }
  return value;
}

uint64_t get_unsigned(const Block& block, Field field, std::string_view name) {
  const int64_t value = get_number(block, field, name);
  if (value < 0) refuse(format("the {} is negative", name));
  return static_cast<uint64_t>(value);
}

// The sum of all bytes, those of the checksum field taken as spaces.
int64_t sum_of(const Block& block) {
  int64_t sum = 0;
  for (size_t i = 0; i < block.size(); ++i) {
    const bool is_sum =
        i >= checksum_field.offset && i < checksum_field.offset + checksum_field.size;
    sum += is_sum ? ' ' : std::to_integer<int>(block[i]);
  }
  return sum;
}

}  // namespace

void refuse(const std::string& why) { throw Error(ErrorKind::verification, "read tar: " + why); }

bool fits_ustar(std::string_view path) {
  return path.size() <= name_field.size || find_split(path) != path.npos;
}

Block encode_header(const Header& header) {
  Block block{};
  const size_t split =
      header.path.size() > name_field.size ? find_split(header.path) : std::string::npos;
  if (split == std::string::npos) {
    put_text(block, name_field, header.path);
  } else {
    put_text(block, prefix_field, std::string_view(header.path).substr(0, split));
    put_text(block, name_field, std::string_view(header.path).substr(split + 1));
  }
  put_octal(block, mode_field, header.mode);
  put_octal(block, uid_field, header.uid);
  put_octal(block, gid_field, header.gid);
  put_octal(block, size_field, header.size);
  put_octal(block, mtime_field, header.mtime < 0 ? 0 : static_cast<uint64_t>(header.mtime));
  block[type_offset] = static_cast<std::byte>(header.type);
  put_text(block, link_field, header.link_target);
  put_text(block, magic_field, ustar_magic);
  // The names' last byte must be zero.
  put_text(block, user_field, header.user.substr(0, user_field.size - 1));
  put_text(block, group_field, header.group.substr(0, group_field.size - 1));
  put_text(block, checksum_field, format("{:06o}", sum_of(block)));
  block[checksum_field.offset + 7] = std::byte{' '};
  return block;
}

Header decode_header(const Block& block) {
  if (get_number(block, checksum_field, "checksum") != sum_of(block)) {
    refuse("a header's checksum is wrong");
  }
  Header header;
  header.path = get_text(block, name_field);
  header.link_target = get_text(block, link_field);
  header.mode = static_cast<uint32_t>(get_unsigned(block, mode_field, "mode") & 07777);
  header.uid = get_unsigned(block, uid_field, "uid");
  header.gid = get_unsigned(block, gid_field, "gid");
  header.size = get_unsigned(block, size_field, "size");
  header.mtime = get_number(block, mtime_field, "mtime");
  header.type = static_cast<char>(block[type_offset]);
  const std::string_view magic = field_view(block, magic_field);
  if (magic.substr(0, 5) != ustar_magic.substr(0, 5)) return header;  // v7: no more fields
  header.user = get_text(block, user_field);
  header.group = get_text(block, group_field);
  // GNU's own format has other things where the prefix is.
  const std::string prefix = magic == gnu_magic ? "" : get_text(block, prefix_field);
  if (!prefix.empty()) header.path = prefix + "/" + header.path;
  return header;
}

bool is_zero(const Block& block) {
  return std::all_of(block.begin(), block.end(), [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace lifeboat::tar
