package statebench;

import java.time.Duration;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamUtils;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.datastream.WindowedStream;
import org.apache.flink.streaming.api.windowing.assigners.EventTimeSessionWindows;
import org.apache.flink.streaming.api.windowing.assigners.SlidingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.WindowAssigner;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.OutputTag;

/**
 * One stage, told as {@code keyPrefixBytes;window;operation;allowedLatenessMs}. The window is {@code tumbling:size:offset}, {@code
 * sliding:size:slide:offset}, {@code session:gap}, {@code interval:lower:upper} or {@code global}; the operation an aggregate, as {@link
 * Aggregation} and {@link ListAggregation} know them, or {@code join}. Behind an aggregate of lists, {@code :payload} adds the hash of
 * the events' payloads to its rows.
 */
final class Stage {
  private static final String JOIN = "join";
  private static final String PAYLOAD = ":payload";

  /** From 1. */
  final int number;
  final int keyPrefixBytes;
  private final String[] window;
  private final String operation;
  private final Duration allowedLateness;
  private final boolean isChained;

  private Stage(int number, String told, boolean isChained) {
    String[] parts = told.split(";");
    this.number = number;
    this.isChained = isChained;
    keyPrefixBytes = Integer.parseInt(parts[0]);
    window = parts[1].split(":");
    operation = parts[2];
    allowedLateness = ms(parts[3]);
  }

  /** @param isChained whether events stay in their thread instead of being sent to the task of their key */
  static Stage[] all(String told, boolean isChained) {
    String[] each = told.split("\\|");
    Stage[] stages = new Stage[each.length];
    for (int i = 0; i < each.length; i++) stages[i] = new Stage(i + 1, each[i], isChained);
    return stages;
  }

  /** Adds the stage to the job. @return its rows */
  SingleOutputStreamOperator<Tuple4<String, Long, Long, double[]>> over(DataStream<Tuple2<String, double[]>> events) {
    KeyedStream<Tuple2<String, double[]>, String> keyed =
        isChained
            ? DataStreamUtils.reinterpretAsKeyedStream(events, event -> event.f0, Types.STRING)
            : events.keyBy(event -> event.f0, Types.STRING);
    OutputTag<Tuple2<String, double[]>> late = new OutputTag<>("late", WorkloadJob.EVENT);
    SingleOutputStreamOperator<Tuple4<String, Long, Long, double[]>> rows = rowsOf(keyed, late);
    rows.name("stage-" + number).uid("stage-" + number);
    // Nothing is late without a watermark to be late for.
    if (!window[0].equals("global")) {
      rows.getSideOutput(late).process(new LateCounter(number), Types.VOID).name("late-" + number).uid("late-" + number);
    }
    return rows;
  }

  private SingleOutputStreamOperator<Tuple4<String, Long, Long, double[]>> rowsOf(
      KeyedStream<Tuple2<String, double[]>, String> keyed, OutputTag<Tuple2<String, double[]>> late) {
    boolean isJoin = operation.equals(JOIN);
    if (window[0].equals("global")) {
      return keyed.process(isJoin ? new ContinuousJoin() : new EachEvent<>(Aggregation.of(operation)), WorkloadJob.ROW);
    }
    if (window[0].equals("interval")) {
      return keyed.process(new IntervalJoin(Long.parseLong(window[1]), Long.parseLong(window[2]), late), WorkloadJob.ROW);
    }
    WindowedStream<Tuple2<String, double[]>, String, TimeWindow> windowed =
        keyed.window(assigner()).allowedLateness(allowedLateness).sideOutputLateData(late);
    if (isJoin) return windowed.process(new WindowJoin(), WorkloadJob.ROW);
    boolean hasPayload = operation.endsWith(PAYLOAD);
    ListAggregation ofList = ListAggregation.named(hasPayload ? operation.substring(0, operation.length() - PAYLOAD.length()) : operation);
    return ofList != null
        ? windowed.process(new FiredList(ofList, hasPayload), WorkloadJob.ROW)
        : folded(windowed, Aggregation.of(operation));
  }

  private static <Kept> SingleOutputStreamOperator<Tuple4<String, Long, Long, double[]>> folded(
      WindowedStream<Tuple2<String, double[]>, String, TimeWindow> windowed, Aggregation<Kept> aggregation) {
    return windowed.aggregate(aggregation, new FiredWindow(), aggregation.type(), WorkloadJob.NUMBERS, WorkloadJob.ROW);
  }

  private WindowAssigner<Object, TimeWindow> assigner() {
    switch (window[0]) {
      case "tumbling":
        return TumblingEventTimeWindows.of(ms(window[1]), ms(window[2]));
      case "sliding":
        return SlidingEventTimeWindows.of(ms(window[1]), ms(window[2]), ms(window[3]));
      case "session":
        return EventTimeSessionWindows.withGap(ms(window[1]));
      default:
        throw new IllegalArgumentException("no window is named " + window[0]);
    }
  }

  private static Duration ms(String text) {
    return Duration.ofMillis(Long.parseLong(text));
  }
}
