#include "crypto/x509.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/error.h"
#include "base/format.h"

namespace lifeboat {
namespace {

constexpr size_t pem_bytes_max = 256 * 1024;
constexpr size_t chain_max = 16;
constexpr int names_max = 1000;

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>>;
using GeneralNames = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;

Error refused(std::string_view why) {
  ERR_clear_error();  // OpenSSL's queue belongs to the thread and would surprise the next caller
  return Error(ErrorKind::verification, format("parse a certificate: {}", why));
}

Bio memory_bio(std::string_view text) {
  if (text.size() > pem_bytes_max) throw refused("it is larger than 256 KiB");
  Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (!bio) throw Error(ErrorKind::crypto, "parse a certificate: OpenSSL has no memory");
  return bio;
}

Timestamp time_of(const ASN1_TIME* time) {
  tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1)
    throw refused("its dates are no dates");
  // A certificate may say 9999-12-31 for "never", which nanoseconds cannot hold.
  constexpr int64_t seconds_max = 9'200'000'000;
  return Timestamp(std::chrono::seconds(std::min<int64_t>(::timegm(&parts), seconds_max)));
}

std::string text_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<size_t>(ASN1_STRING_length(string))};
}

std::string common_name(const X509* certificate) {
  const X509_NAME* name = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return "";
  return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
}

std::string address_text(const ASN1_STRING* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ASN1_STRING_length(bytes) == 4 ? AF_INET : AF_INET6;
  const bool is_address = ASN1_STRING_length(bytes) == 4 || ASN1_STRING_length(bytes) == 16;
  if (!is_address) throw refused("an IP address in it is malformed");
  ::inet_ntop(family, ASN1_STRING_get0_data(bytes), text.data(), text.size());
  return text.data();
}

std::vector<std::string> alternative_names(const X509* certificate) {
  const GeneralNames all(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> names;
  if (!all) return names;
  if (sk_GENERAL_NAME_num(all.get()) > names_max) throw refused("it has more than 1000 names");
  for (int at = 0; at < sk_GENERAL_NAME_num(all.get()); ++at) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all.get(), at);
    if (name->type == GEN_DNS) names.push_back(text_of(name->d.dNSName));
    if (name->type == GEN_IPADD) names.push_back(address_text(name->d.iPAddress));
  }
  return names;
}

std::vector<Certificate> read_chain(std::string_view pem) {
  const Bio bio = memory_bio(pem);
  std::vector<Certificate> chain;
  for (;;) {
    Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!certificate) break;
    if (chain.size() == chain_max) throw refused("the chain has more than 16 certificates");
    chain.push_back(std::move(certificate));
  }
  // "No start line" is the true end; anything else is a certificate that does not parse.
  const unsigned long reason = ERR_peek_last_error();
  const bool at_end =
      ERR_GET_LIB(reason) == ERR_LIB_PEM && ERR_GET_REASON(reason) == PEM_R_NO_START_LINE;
  if (!at_end) throw refused("it is malformed");
  ERR_clear_error();
  if (chain.empty()) throw refused("there is none in the text");
  return chain;
}

// Says "no passphrase" where OpenSSL would ask on the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

Key read_key(std::string_view pem) {
  const Bio bio = memory_bio(pem);
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_passphrase, nullptr));
  ERR_clear_error();
  if (!key)
    throw Error(ErrorKind::verification, "parse a private key: it is malformed or encrypted");
  return key;
}

}  // namespace

std::vector<X509Details> parse_x509_chain(std::string_view pem) {
  std::vector<X509Details> chain;
  for (const Certificate& certificate : read_chain(pem)) {
    chain.push_back({common_name(certificate.get()), alternative_names(certificate.get()),
                     time_of(X509_get0_notBefore(certificate.get())),
                     time_of(X509_get0_notAfter(certificate.get()))});
  }
  return chain;
}

bool x509_key_matches(std::string_view chain_pem, std::string_view key_pem) {
  const std::vector<Certificate> chain = read_chain(chain_pem);
  const Key key = read_key(key_pem);
  EVP_PKEY* public_key = X509_get0_pubkey(chain.front().get());
  if (public_key == nullptr) throw refused("its public key is of no known kind");
  // The public half may be stored beside a damaged private one, hence the second question.
  const KeyContext context(EVP_PKEY_CTX_new(key.get(), nullptr));
  const bool matches = EVP_PKEY_eq(public_key, key.get()) == 1 && context &&
                       EVP_PKEY_pairwise_check(context.get()) == 1;
  ERR_clear_error();
  return matches;
}

Secret new_private_key_pem() {
  const Key key(EVP_EC_gen("P-256"));
  const Bio bio(BIO_new(BIO_s_secmem()));
  if (!key || !bio ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    throw Error(ErrorKind::crypto, "make a private key: OpenSSL refused");
  }
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &text);
  return Secret(std::string_view(text, static_cast<size_t>(length)));
}

}  // namespace lifeboat
