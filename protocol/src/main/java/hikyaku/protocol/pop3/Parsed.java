package hikyaku.protocol.pop3;

/** What a command line turned out to be. */
public sealed interface Parsed permits Command, Malformed {}
