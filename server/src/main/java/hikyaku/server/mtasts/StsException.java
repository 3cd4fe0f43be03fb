package hikyaku.server.mtasts;

/** A policy that a domain says it has could not be had. */
public final class StsException extends Exception {
  private final Kind kind;

  StsException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  StsException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** What went wrong (RFC 8460 §4.3.2.2). */
  public enum Kind {
    FETCH("sts-policy-fetch-error"),
    INVALID("sts-policy-invalid"),
    CERTIFICATE("sts-webpki-invalid");

    private final String word;

    Kind(String word) {
      this.word = word;
    }

    /** As reports have it. */
    public String word() {
      return word;
    }
  }

  public Kind kind() {
    return kind;
  }
}
