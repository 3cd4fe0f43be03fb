package hikyaku.protocol.mime;

import hikyaku.protocol.address.AddressListParser;
import hikyaku.protocol.address.EnvelopeAddress;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Gathers those fields of one header that a description is made of; passes over all others. */
final class HeaderCollector {
  /** Whose header it is, which decides what is of use. */
  enum Owner {
    /** The message as a whole. */
    ROOT,
    /** A message inside another. */
    NESTED,
    /** A body part. */
    PART
  }

  /** How a field is kept. */
  private enum Kind {
    /** The first occurrence counts, in any header. */
    CONTENT,
    /** The first occurrence counts, in the header of a message. */
    MESSAGE,
    /** Occurrences are joined, in the header of a message. */
    ADDRESSES,
    /** Trace and threading fields, of the whole message only. */
    ROOT_ONLY
  }

  /** The fields of use. */
  enum Field {
    CONTENT_TYPE(Kind.CONTENT),
    CONTENT_ID(Kind.CONTENT),
    CONTENT_DESCRIPTION(Kind.CONTENT),
    CONTENT_TRANSFER_ENCODING(Kind.CONTENT),
    CONTENT_DISPOSITION(Kind.CONTENT),
    CONTENT_LANGUAGE(Kind.CONTENT),
    CONTENT_LOCATION(Kind.CONTENT),
    CONTENT_MD5(Kind.CONTENT),
    DATE(Kind.MESSAGE),
    SUBJECT(Kind.MESSAGE),
    IN_REPLY_TO(Kind.MESSAGE),
    MESSAGE_ID(Kind.MESSAGE),
    FROM(Kind.ADDRESSES),
    SENDER(Kind.ADDRESSES),
    REPLY_TO(Kind.ADDRESSES),
    TO(Kind.ADDRESSES),
    CC(Kind.ADDRESSES),
    BCC(Kind.ADDRESSES),
    REFERENCES(Kind.ROOT_ONLY),
    RECEIVED(Kind.ROOT_ONLY),
    DELIVERED_TO(Kind.ROOT_ONLY);

    private static final Map<String, Field> BY_NAME =
        Stream.of(values())
            .collect(
                Collectors.toUnmodifiableMap(
                    field -> field.name().toLowerCase(Locale.ROOT).replace('_', '-'),
                    Function.identity()));
    private static final int LONGEST_NAME = CONTENT_TRANSFER_ENCODING.name().length();

    private final Kind kind;

    Field(Kind kind) {
      this.kind = kind;
    }

    private static @Nullable Field named(byte[] line, int length) {
      if (length > LONGEST_NAME) {
        return null;
      }
      char[] name = new char[length];
      for (int at = 0; at < length; at++) {
        int octet = line[at] & 0xff;
        name[at] = (char) (octet >= 'A' && octet <= 'Z' ? octet + 32 : octet);
      }
      return BY_NAME.get(new String(name));
    }
  }

  private final Owner owner;
  private final Budget budget;
  private final Map<Field, String> values = new EnumMap<>(Field.class);
  private final Map<Field, List<EnvelopeAddress>> addresses = new EnumMap<>(Field.class);
  private final List<String> deliveredTo = new ArrayList<>();
  private int received;
  private int fields;
  private @Nullable Field field;
  private @Nullable OctetBuffer value;

  HeaderCollector(Owner owner, Budget budget) {
    this.owner = owner;
    this.budget = budget;
  }

  /** Takes a line without its ending; not the empty one. */
  void line(byte[] line, int length) {
    if (HeaderLine.isContinuation(line, length)) {
      if (value != null && !value.append(line, 0, length)) {
        budget.reachLimit();
      }
      return;
    }
    endField();
    int name = HeaderLine.nameLength(line, length);
    if (name < 0) {
      return;
    }
    if (++fields > budget.limits().headerFields()) {
      budget.reachLimit();
      return;
    }
    Field named = Field.named(line, name);
    if (named == null || !ofUse(named)) {
      return;
    }
    if (named == Field.RECEIVED) {
      received++;
      return;
    }
    field = named;
    value = new OctetBuffer(budget.limits().fieldOctets());
    int colon = name;
    while (line[colon] != ':') {
      colon++;
    }
    if (!value.append(line, colon + 1, length)) {
      budget.reachLimit();
    }
  }

  private boolean ofUse(Field named) {
    return switch (named.kind) {
      case CONTENT -> !values.containsKey(named);
      case MESSAGE -> owner != Owner.PART && !values.containsKey(named);
      case ADDRESSES -> owner != Owner.PART;
      case ROOT_ONLY -> owner == Owner.ROOT;
    };
  }

  /** Ends the header. */
  void end() {
    endField();
  }

  private void endField() {
    Field ended = field;
    OctetBuffer gathered = value;
    field = null;
    value = null;
    if (ended == null || gathered == null || !budget.takeOctets(gathered.size())) {
      return;
    }
    String text = clean(gathered.text(0));
    switch (ended.kind) {
      case CONTENT, MESSAGE -> values.put(ended, text);
      case ADDRESSES -> {
        List<EnvelopeAddress> parsed = AddressListParser.parse(text, budget.addressesLeft());
        budget.takeAddresses(parsed.size());
        addresses.computeIfAbsent(ended, unused -> new ArrayList<>()).addAll(parsed);
      }
      case ROOT_ONLY -> {
        if (ended == Field.DELIVERED_TO) {
          if (deliveredTo.size() < budget.limits().deliveredTo()) {
            deliveredTo.add(text);
          } else {
            budget.reachLimit();
          }
        } else {
          values.putIfAbsent(ended, text);
        }
      }
    }
  }

  /** Trims, and takes away what no IMAP string can hold. */
  private static String clean(String text) {
    String trimmed = text.strip();
    if (trimmed.indexOf('\0') < 0 && trimmed.indexOf('\r') < 0 && trimmed.indexOf('\n') < 0) {
      return trimmed;
    }
    return trimmed.replace("\0", "").replace('\r', ' ').replace('\n', ' ').strip();
  }

  @Nullable String get(Field which) {
    return values.get(which);
  }

  int received() {
    return received;
  }

  List<String> deliveredTo() {
    return deliveredTo;
  }

  Envelope envelope() {
    List<EnvelopeAddress> from = list(Field.FROM);
    return new Envelope(
        get(Field.DATE),
        get(Field.SUBJECT),
        from,
        orElse(list(Field.SENDER), from),
        orElse(list(Field.REPLY_TO), from),
        list(Field.TO),
        list(Field.CC),
        list(Field.BCC),
        get(Field.IN_REPLY_TO),
        get(Field.MESSAGE_ID));
  }

  private List<EnvelopeAddress> list(Field which) {
    return List.copyOf(addresses.getOrDefault(which, List.of()));
  }

  private static List<EnvelopeAddress> orElse(
      List<EnvelopeAddress> list, List<EnvelopeAddress> other) {
    return list.isEmpty() ? other : list;
  }

  /** The message ids of the References field: all, or the first and the last ones. */
  List<String> references() {
    String text = get(Field.REFERENCES);
    return text == null ? List.of() : MessageIds.parse(text, budget);
  }
}
