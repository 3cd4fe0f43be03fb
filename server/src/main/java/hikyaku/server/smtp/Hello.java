package hikyaku.server.smtp;

/**
 * How the client introduced itself.
 *
 * @param name as it said, unchecked
 * @param extended whether it knows of extensions: EHLO or LHLO, not HELO
 */
record Hello(String name, boolean extended) {}
