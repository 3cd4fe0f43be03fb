package hikyaku.protocol.mime;

/** What one message may still cost. */
final class Budget {
  private final MimeLimits limits;
  private int headerOctets;
  private int addresses;
  private boolean limitReached;

  Budget(MimeLimits limits) {
    this.limits = limits;
    headerOctets = limits.headerOctets();
    addresses = limits.addresses();
  }

  MimeLimits limits() {
    return limits;
  }

  /** Takes octets for a header value if there are so many left. */
  boolean takeOctets(int count) {
    if (count > headerOctets) {
      limitReached = true;
      return false;
    }
    headerOctets -= count;
    return true;
  }

  /** How many addresses may still be kept. */
  int addressesLeft() {
    return addresses;
  }

  void takeAddresses(int count) {
    addresses -= count;
    if (addresses == 0) {
      limitReached = true;
    }
  }

  void reachLimit() {
    limitReached = true;
  }

  boolean limitReached() {
    return limitReached;
  }
}
