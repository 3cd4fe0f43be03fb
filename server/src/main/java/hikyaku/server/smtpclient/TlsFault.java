package hikyaku.server.smtpclient;

/** What was wrong with TLS (RFC 8460 §4.3). */
public enum TlsFault {
  STARTTLS_NOT_SUPPORTED("starttls-not-supported"),
  CERTIFICATE_HOST_MISMATCH("certificate-host-mismatch"),
  CERTIFICATE_EXPIRED("certificate-expired"),
  CERTIFICATE_NOT_TRUSTED("certificate-not-trusted"),
  /** Anything else. */
  VALIDATION_FAILURE("validation-failure"),
  /** No TLSA record fits the certificate. */
  TLSA_INVALID("tlsa-invalid"),
  /** DNSSEC or a DNS server fails, so that it cannot be known whether there are TLSA records. */
  DNSSEC_INVALID("dnssec-invalid"),
  STS_POLICY_FETCH_ERROR("sts-policy-fetch-error"),
  STS_POLICY_INVALID("sts-policy-invalid"),
  STS_WEBPKI_INVALID("sts-webpki-invalid");

  private final String word;

  TlsFault(String word) {
    this.word = word;
  }

  /** As reports have it. */
  public String word() {
    return word;
  }
}
